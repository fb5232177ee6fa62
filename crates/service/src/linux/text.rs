//! The files as their specifications want them.

use crate::ServiceError;
use std::path::Path;

/// `KillMode=process`: what else is in the unit's group are shims, where the system gave them no scope of their own.
pub(super) fn unit(program: &Path, data_dir: Option<&Path>) -> Result<String, ServiceError> {
    // `$` and `%` begin what systemd puts in; quotes and backslashes are as in C.
    let command = command(program, data_dir, |c| match c {
        '"' | '\\' => Some(format!("\\{c}")),
        '$' | '%' => Some(format!("{c}{c}")),
        _ => None,
    })?;
    Ok(format!(
        "# Written by Solti: `solti service disable` removes it.\n\
         [Unit]\n\
         Description=Solti: runs tasks and schedules without a window\n\
         \n\
         [Service]\n\
         ExecStart={command}\n\
         KillMode=process\n\
         Restart=on-failure\n\
         RestartSec=2\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n"
    ))
}

pub(super) fn entry(program: &Path, data_dir: Option<&Path>) -> Result<String, ServiceError> {
    // Escaped twice: within quotes, and as any string of such a file.
    let command = command(program, data_dir, |c| match c {
        '"' | '`' | '$' => Some(format!("\\\\{c}")),
        '\\' => Some("\\\\\\\\".to_owned()),
        '%' => Some("%%".to_owned()),
        _ => None,
    })?;
    Ok(format!(
        "# Written by Solti: `solti service disable` removes it.\n\
         [Desktop Entry]\n\
         Type=Application\n\
         Name=Solti engine\n\
         Comment=Runs tasks and schedules without a window\n\
         Exec={command}\n\
         Terminal=false\n\
         NoDisplay=true\n"
    ))
}

fn command(
    program: &Path,
    data_dir: Option<&Path>,
    escape: impl Fn(char) -> Option<String>,
) -> Result<String, ServiceError> {
    let quoted = |path: &Path| {
        let refused = || ServiceError::Path { path: path.to_owned() };
        let text = path.to_str().filter(|text| !text.contains(char::is_control)).ok_or_else(refused)?;
        let inner: String = text.chars().map(|c| escape(c).unwrap_or_else(|| c.to_string())).collect();
        Ok(format!("\"{inner}\""))
    };
    let folder = data_dir.map(quoted).transpose()?.map(|dir| format!(" --data-dir {dir}"));
    Ok(format!("{}{} serve --standby", quoted(program)?, folder.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, key: &str) -> String {
        let line = text.lines().find(|line| line.starts_with(key)).expect("there");
        line[key.len()..].to_owned()
    }

    #[test]
    fn a_path_with_anything_in_it_is_one_word() {
        let (program, dir) = (Path::new("/opt/a b/solti"), Path::new("/d/100%$x\\\"y"));
        let unit = unit(program, Some(dir)).expect("text");
        assert_eq!(
            line(&unit, "ExecStart="),
            r#""/opt/a b/solti" --data-dir "/d/100%%$$x\\\"y" serve --standby"#
        );
        let entry = entry(program, Some(dir)).expect("text");
        assert_eq!(
            line(&entry, "Exec="),
            r#""/opt/a b/solti" --data-dir "/d/100%%\\$x\\\\\\"y" serve --standby"#
        );
        assert!(unit.contains("\nKillMode=process\n"), "{unit}");
        assert!(super::unit(Path::new("/a\nExecStartPre=x"), None).is_err());
    }
}
