// Generated from crates/model by `make bindings`. Do not edit.
export const RULES = {
  "mask": "••••••",
  "words": ["APIKEY", "CREDENTIAL", "CREDENTIALS", "CREDS", "DSN", "JWT", "KEY", "KEYS", "PASS", "PASSCODE", "PASSPHRASE", "PASSWD", "PASSWORD", "PASSWORDS", "PRIVATE", "PWD", "SECRET", "SECRETS", "SSHPASS", "TOKEN", "TOKENS", "WEBHOOK", "WEBHOOKS"],
  "lastWords": ["AUTH", "COOKIE", "PAT", "SAS"],
  "endings": ["ACCESSKEY", "APIKEY", "AUTHKEY", "CREDENTIALS", "DSN", "INSTRUMENTATIONKEY", "LICENSEKEY", "MASTERKEY", "PASSPHRASE", "PASSWD", "PASSWORD", "PRIVATEKEY", "PWD", "SECRET", "SECRETKEY", "SIGNINGKEY", "TOKEN"],
  "phrases": ["CONNECTION_STRING", "CONNECTION_STRINGS", "CONN_STR", "CONNSTR", "CONNECTIONSTRING", "AUTH_CONFIG", "AUTH_HEADER"],
  "harmlessNames": ["PWD", "OLDPWD"],
  "harmlessPhrases": ["MAX_TOKENS", "PUBLIC_KEY", "PUBLIC_KEYS", "SSH_AUTH_SOCK"],
  "harmlessFlags": ["KEY", "KEYS", "AUTH"],
  "harmlessValues": ["", "0", "1", "true", "false", "yes", "no", "on", "off", "none"],
  "placeholder": "^\\{\\{\\s*[A-Za-z_][A-Za-z0-9_-]*\\s*\\}\\}$",
  "values": [
    { "of": "password in a URL", "pattern": "([A-Za-z][A-Za-z0-9+.-]*://[^\\s/?#:@\"'<>]*:)([^\\s/?#\"'<>]+)(@)" },
    { "of": "token in place of a URL's user", "pattern": "([A-Za-z][A-Za-z0-9+.-]*://)([A-Za-z0-9_-]{20,})(@)" },
    { "of": "parameter of a URL", "pattern": "([?&;](?:access_token|api_?key|auth|client_secret|key|passwd|password|pwd|secret|sig|signature|token)=)([^&\\s\"'#]+)()", "ignoreCase": true },
    { "of": "part of a connection string", "pattern": "((?:^|[;\\s\"'])(?:AccountKey|Password|Pwd|SharedAccessKey|SharedAccessSignature)=)([^;\\s\"']+)()", "ignoreCase": true },
    { "of": "header", "pattern": "(Authorization\\s*[:=]\\s*[\"']?[A-Za-z]+\\s+)([A-Za-z0-9+/=._~:-]{4,})()", "ignoreCase": true },
    { "of": "header without a scheme", "pattern": "((?:Authorization|X-API-Key)\\s*[:=]\\s*[\"']?)([A-Za-z0-9+/=._~:-]{12,})()", "ignoreCase": true },
    { "of": "whole value of a header", "pattern": "(^\\s*(?:Basic|Bearer)\\s+)(\\S+)(\\s*$)", "ignoreCase": true },
    { "of": "bearer", "pattern": "((?:^|[^A-Za-z])Bearer\\s+)([A-Za-z0-9+/=._~-]{12,})()", "ignoreCase": true },
    { "of": "private key", "pattern": "(-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z0-9 ]*-----)([\\s\\S]+?)(-----END|$)" },
    { "of": "GitHub", "pattern": "((?:^|[^A-Za-z0-9_]))((?:gh[oprsu]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}))()" },
    { "of": "GitLab", "pattern": "((?:^|[^A-Za-z0-9_]))(gl(?:pat|ptt|rt|dt|cbt|oas|soat|imt|agent)-[A-Za-z0-9_.-]{16,})()" },
    { "of": "services whose keys begin with sk", "pattern": "((?:^|[^A-Za-z0-9_]))((?:sk-|sk_live_|sk_test_|rk_live_|rk_test_|whsec_)[A-Za-z0-9_-]{16,})()" },
    { "of": "Slack", "pattern": "((?:^|[^A-Za-z0-9_]))(xox[abcdeoprs]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,})()" },
    { "of": "web hooks", "pattern": "(://hooks\\.slack\\.com/(?:services|workflows)/|://(?:[a-z]+\\.)?discord(?:app)?\\.com/api/webhooks/)([^\\s\"'?#]+)()" },
    { "of": "AWS", "pattern": "((?:^|[^A-Za-z0-9_]))((?:AKIA|ASIA)[A-Z0-9]{16})()" },
    { "of": "JSON Web Token", "pattern": "((?:^|[^A-Za-z0-9_]))(eyJ[A-Za-z0-9_-]{6,}\\.[A-Za-z0-9_-]{4,}(?:\\.[A-Za-z0-9_-]*)*)()" },
    { "of": "npm, Hugging Face, Docker, DigitalOcean, Shopify, PyPI, Vault, age", "pattern": "((?:^|[^A-Za-z0-9_]))(npm_[A-Za-z0-9]{16,}|hf_[A-Za-z0-9]{16,}|dckr_pat_[A-Za-z0-9_-]{16,}|do[opr]_v1_[A-Za-z0-9]{16,}|shp(?:at|ca|pa|ss)_[A-Za-z0-9]{16,}|pypi-[A-Za-z0-9_-]{16,}|hv[sbr]\\.[A-Za-z0-9_-]{16,}|AGE-SECRET-KEY-1[A-Z0-9]{16,})()" },
    { "of": "Google", "pattern": "((?:^|[^A-Za-z0-9_]))(AIza[A-Za-z0-9_-]{20,}|ya29\\.[A-Za-z0-9_-]{16,}|GOCSPX-[A-Za-z0-9_-]{16,})()" },
    { "of": "SendGrid", "pattern": "((?:^|[^A-Za-z0-9_]))(SG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,})()" }
  ]
};
