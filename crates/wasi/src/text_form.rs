//! WebAssembly in its text form, which has to be made binary before it can run.

/// Whether a file begins as a module or a component does in its text form: behind blanks and comments.
#[must_use]
pub fn is_text_form(bytes: &[u8]) -> bool {
    let code = without_comments(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let word = code.strip_prefix(b"(").map(without_comments).unwrap_or_default();
    [&b"module"[..], b"component"].iter().any(|begin| word.starts_with(begin))
}

/// From the first byte that says something.
fn without_comments(mut bytes: &[u8]) -> &[u8] {
    loop {
        bytes = bytes.trim_ascii_start();
        bytes = if bytes.starts_with(b";;") {
            bytes.iter().position(|byte| *byte == b'\n').map_or(&[], |end| &bytes[end..])
        } else if bytes.starts_with(b"(;") {
            behind_block(bytes)
        } else {
            return bytes;
        };
    }
}

/// Behind a comment in `(; ;)`, in which there may be others. One that does not end takes all.
fn behind_block(mut bytes: &[u8]) -> &[u8] {
    let mut depth = 0_usize;
    while let [first, rest @ ..] = bytes {
        bytes = match (first, rest) {
            (b'(', [b';', rest @ ..]) => {
                depth += 1;
                rest
            }
            (b';', [b')', rest @ ..]) => {
                depth -= 1;
                if depth == 0 {
                    return rest;
                }
                rest
            }
            _ => rest,
        };
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_is_known_by_its_first_word() {
        for text in [
            "(module)",
            "\n  (component",
            ";; c\n(module)",
            ";; (; c\r\n\t;; d\n( module $m)",
            "(; one (; in ;) another ;)(module)",
            "(;;)(; (module) ;)\n;;\n( (; c ;) module)",
            "\u{feff}(module)",
            "\u{feff};; c\n(module)",
        ] {
            assert!(is_text_form(text.as_bytes()), "{text:?}");
        }
        for text in [
            "",
            "\0asm\x01\0\0\0",
            ";; (module)",
            "(; (module)",
            "; (module)",
            "(mod",
            "module",
            "#!/bin/sh\n(module)",
        ] {
            assert!(!is_text_form(text.as_bytes()), "{text:?}");
        }
    }
}
