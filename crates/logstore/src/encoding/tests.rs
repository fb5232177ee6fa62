use super::guess::guess;
use super::*;

fn decoded(encoding: TextEncoding, rows: &[u8]) -> String {
    let mut out = Vec::new();
    encoding.decode_rows(rows, RowStart::default(), &mut out);
    // Part by part it is the same.
    let mut at = 0;
    for row in rows.split(|byte| *byte == b'\n') {
        let start = RowStart::within(rows, at, LogOffset::ZERO);
        let (whole, mut parts) = (encoding.decode(row, start), Vec::new());
        let mut decoder = encoding.decoder(row, row.len() as u64, start);
        at += row.len() + 1;
        row.iter().for_each(|byte| decoder.feed(&[*byte], &mut parts));
        decoder.finish(&mut parts);
        if !encoding.mixed {
            assert_eq!(String::from_utf8_lossy(&parts), String::from_utf8_lossy(&whole), "{row:?}");
        }
    }
    String::from_utf8(out).unwrap()
}

fn in_utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn rows_are_read_in_their_encoding() {
    for (name, bytes, text) in [
        ("windows-1252", &b"caf\xe9\nf\xfcr 5 \x80\r\n"[..], "caf\u{e9}\nf\u{fc}r 5 \u{20ac}\r\n"),
        ("latin1", b"\xe4", "\u{e4}"),
        ("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2\n", "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}\n"),
        ("shift_jis", b"\x93\xfa\x96{\n\n\\", "\u{65e5}\u{672c}\n\n\\"),
        ("gbk", b"\xc4\xe3\xba\xc3", "\u{4f60}\u{597d}"),
        ("euc-kr", b"\xc7\xd1\n", "\u{d55c}\n"),
        // No character, and no control either.
        ("windows-1252", b"a\x9db", "a\u{fffd}b"),
    ] {
        assert_eq!(decoded(TextEncoding::named(name).unwrap(), bytes), text, "{name}");
    }
    assert_eq!(TextEncoding::named("windows-1252").unwrap().name(), "windows-1252");
    assert_eq!(TextEncoding::named("no such"), None);
}

#[test]
fn utf_16_is_cut_at_its_line_feeds_and_reads_as_it_was_printed() {
    let text = "one\r\nzwei \u{e4}\n\n\u{4e00}\u{4e8c}\n\u{10a} end\n\u{1f600}";
    for (name, bytes, mark) in [
        ("utf-16le", u16::to_le_bytes as fn(u16) -> [u8; 2], &b"\xff\xfe"[..]),
        ("utf-16be", u16::to_be_bytes, b"\xfe\xff"),
    ] {
        let encoding = TextEncoding::named(name).unwrap();
        let plain = in_utf16(text, bytes);
        let shown = decoded(encoding, &plain);
        // The half of a line feed in U+010A ends a row, and the character is in the next.
        let expected =
            if name == "utf-16le" { text.replace('\u{10a}', "\n\u{10a}") } else { text.to_owned() };
        let expected =
            if name == "utf-16be" { expected.replace("\u{10a} end", "\u{10a}\n end") } else { expected };
        assert_eq!(shown, expected, "{name}");
        let marked = [mark, &in_utf16("first\nsecond\n", bytes)].concat();
        // What is left of the last line feed is a row in which nothing is.
        let shown = decoded(encoding, &marked);
        assert_eq!(shown.trim_end_matches('\n'), "first\nsecond", "{name}");
        assert_eq!(guess(&marked), TextEncoding { encoding: encoding.encoding, mixed: true }, "{name}");
        assert_eq!(guess(&plain).name(), encoding.name(), "{name} without its mark");
    }
}

#[test]
fn utf_16_of_any_script_is_told_without_its_mark() {
    for text in [
        "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}, \u{43c}\u{438}\u{440}\n\u{433}\u{43e}\u{442}\u{43e}\u{432}\u{43e}: 100%\n",
        "\u{391}\u{3b8}\u{3ae}\u{3bd}\u{3b1} \u{3ba}\u{3b1}\u{3b9} \u{3a0}\u{3b5}\u{3b9}\u{3c1}\u{3b1}\u{3b9}\u{3ac}\u{3c2}\n",
        "\u{4e00}\u{5207}\u{6b63}\u{5e38}\u{ff0c}\u{8fdb}\u{5ea6} 100%\n\u{5b8c}\u{6210}\u{3002}\n",
        "\u{30d5}\u{30a1}\u{30a4}\u{30eb}\u{3092}\u{8aad}\u{307f}\u{8fbc}\u{3093}\u{3067}\u{3044}\u{307e}\u{3059} (3/4)\n",
        "\u{c548}\u{b155}\u{d558}\u{c138}\u{c694} \u{c138}\u{acc4}\n",
        "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{5e2}\u{5d5}\u{5dc}\u{5dd}\n",
        "\u{645}\u{631}\u{62d}\u{628}\u{627} \u{628}\u{627}\u{644}\u{639}\u{627}\u{644}\u{645}\n",
        "\u{928}\u{92e}\u{938}\u{94d}\u{924}\u{947} \u{926}\u{941}\u{928}\u{93f}\u{92f}\u{93e} \u{1f600}\n",
    ] {
        for (name, bytes) in
            [("UTF-16LE", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("UTF-16BE", u16::to_be_bytes)]
        {
            assert_eq!(guess(&in_utf16(text, bytes)).name(), name, "{text}");
            assert_eq!(guess(&in_utf16(&text.repeat(1000), bytes)).name(), name, "{text}");
        }
    }
    // Zeros alone do not make it.
    let mut state = 1u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(4000)
    .collect();
    for bytes in [
        b"a.txt\0b.txt\0some folder/c\0".repeat(100),
        b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0\x01\0\0\0\x30\x10\0\0\0\0\0\0".repeat(20),
        "caf\u{e9}\0th\u{e9}\0\n".repeat(50).into_bytes(),
        noise,
    ] {
        assert!(guess(&bytes).is_utf8(), "{:?}", guess(&bytes));
    }
}

#[test]
fn no_character_of_utf_16_is_lost_where_a_row_is_cut_within_it() {
    // One byte of each is that which ends rows, or both are.
    let text = "a\u{10a}b\n\u{a05}\u{a15}\u{a4d}x\n\u{a0a}\n\n\u{4e00}\u{a0a}\u{a0a}y\u{1f600}\n\u{970a}z\u{1f60a}\u{1f60a} \u{1f40a}\n\u{1f60a}";
    for (name, bytes) in
        [("utf-16le", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("utf-16be", u16::to_be_bytes)]
    {
        let encoding = TextEncoding::named(name).unwrap();
        let shown = decoded(encoding, &in_utf16(text, bytes));
        assert_eq!(shown.replace('\n', ""), text.replace('\n', ""), "{name}");
        // A row is never cut at another place.
        let cut = in_utf16(text, bytes).iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(shown.matches('\n').count(), cut, "{name}: {shown:?}");
    }
}

#[test]
fn what_is_only_guessed_to_be_utf_16_keeps_characters_that_end_rows() {
    // One of U+0A00 to U+0AFF alone, in words, as the only one of a line; and a program that prints UTF-8 between.
    let text = "id \u{a0a} 1\r\n\u{a2a}\u{a70}\u{a1c}\u{a3e}\u{a2c}\u{a40}\r\n\u{a05}\u{a0a}\u{a15} end\r\n";
    let lines = "{\n\n\n}\nplain text\n";
    for (name, bytes) in
        [("utf-16le", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("utf-16be", u16::to_be_bytes)]
    {
        let encoding = TextEncoding { mixed: true, ..TextEncoding::named(name).unwrap() };
        let shown = decoded(encoding, &in_utf16(text, bytes));
        assert_eq!(shown.replace('\n', ""), text.replace('\n', ""), "{name}: {shown:?}");
        let shown = decoded(encoding, &[in_utf16("a\n", bytes), lines.into()].concat());
        assert_eq!(shown, format!("a\n{lines}"), "{name}");
    }
}

#[test]
fn the_character_that_is_two_line_feeds_is_kept_behind_any_text_and_no_blank_line_becomes_it() {
    for (name, bytes) in
        [("utf-16le", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("utf-16be", u16::to_be_bytes)]
    {
        let encoding = TextEncoding::guessed(name).unwrap();
        for text in [
            "\u{4e8c}\u{a0a}",
            "\u{4e8c}\u{a0a}\u{a0a}\u{4e8c}",
            "\u{20ac}\u{a0a}",
            "x\u{65e5}\u{672c}\u{8a9e}\u{a0a}\u{4e8c}\n",
        ] {
            let shown = decoded(encoding, &in_utf16(text, bytes));
            assert_eq!(shown.replace('\n', ""), text.replace('\n', ""), "{name}: {shown:?}");
        }
        for lines in ["gr\u{f6}\u{df}e\n\n\nx\n", "\u{65e5}\u{672c}\n\n\n\n", "a\n\nb\n\n"] {
            for before in ["a\n", "ab\n"] {
                let shown = decoded(encoding, &[in_utf16(before, bytes), lines.into()].concat());
                assert_eq!(shown, format!("{before}{lines}"), "{name}");
            }
        }
    }
}

#[test]
fn rows_of_utf_16_that_other_bytes_have_shifted_are_read() {
    for (name, bytes) in
        [("utf-16le", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("utf-16be", u16::to_be_bytes)]
    {
        let mixed = TextEncoding { mixed: true, ..TextEncoding::named(name).unwrap() };
        let of = |text| in_utf16(text, bytes);
        let rows =
            [of("one\ntwo\n"), b"odd\n\n".to_vec(), of("three\n\nfour\n"), b"even\n".to_vec(), of("five")];
        let shown = decoded(mixed, &rows.concat());
        let words: Vec<&str> = shown.split_whitespace().collect();
        assert_eq!(words, ["one", "two", "odd", "three", "four", "even", "five"], "{name}: {shown:?}");
    }
}

#[test]
fn guesses_are_made_by_what_is_no_utf_8() {
    let name = |bytes: &[u8]| guess(bytes).name();
    let russian = "\u{41e}\u{448}\u{438}\u{431}\u{43a}\u{430} \u{447}\u{442}\u{435}\u{43d}\u{438}\u{44f} \u{444}\u{430}\u{439}\u{43b}\u{430}\n";
    let encode =
        |label: &str, text: &str| Encoding::for_label(label.as_bytes()).unwrap().encode(text).0.into_owned();
    assert_eq!(name(&encode("windows-1251", russian)), "windows-1251");
    assert_eq!(name(&encode("koi8-r", &russian.repeat(3))), "KOI8-U", "which has all letters of KOI8-R");
    assert_eq!(name(&encode("windows-1252", "ok\nStra\u{df}e f\u{fc}r M\u{e4}nner\n")), "windows-1252");
    let japanese =
        "\u{30d5}\u{30a1}\u{30a4}\u{30eb}\u{304c}\u{898b}\u{3064}\u{304b}\u{308a}\u{307e}\u{305b}\u{3093}\n";
    assert_eq!(name(&encode("shift_jis", japanese)), "Shift_JIS");
    assert_eq!(name(&encode("euc-jp", japanese)), "EUC-JP");
    let chinese = "\u{627e}\u{4e0d}\u{5230}\u{6587}\u{4ef6}\u{6216}\u{76ee}\u{5f55}\n";
    assert_eq!(name(&encode("gbk", chinese)), "GBK");
    assert_eq!(
        name(&encode(
            "euc-kr",
            "\u{d30c}\u{c77c}\u{c744} \u{cc3e}\u{c744} \u{c218} \u{c5c6}\u{c2b5}\u{b2c8}\u{b2e4}\n"
        )),
        "EUC-KR"
    );
    // UTF-8 with a byte that is none, and what is no text at all.
    assert_eq!(name("gr\u{fc}n \u{e4}\n".as_bytes()), "UTF-8");
    assert_eq!(name(b"gr\xc3\xbcn \xff\n"), "UTF-8");
    assert_eq!(name(b"\x7fELF\x02\x01\x01\0\0\xff\xc3\x28\x01\x02"), "UTF-8");
}

#[test]
fn a_control_now_and_then_is_in_no_guess_s_way() {
    let text =
        "\u{41e}\u{448}\u{438}\u{431}\u{43a}\u{430} \u{447}\u{442}\u{435}\u{43d}\u{438}\u{44f}\n".repeat(100);
    let russian = encoding_rs::WINDOWS_1251.encode(&text).0.into_owned();
    for controls in [&b"\x0f"[..], b"\x01\x02", b"\x1a", b"\0", b"\x11", &b"\x1b(B\x0f".repeat(200)] {
        let log = [&russian, controls, b"\n"].concat();
        assert_eq!(guess(&log).name(), "windows-1251", "{controls:?}");
    }
    let noise: Vec<u8> = (0..4000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert!(guess(&noise).is_utf8(), "no text");
}

#[test]
fn iso_2022_jp_is_told_by_its_escapes_and_read_among_those_of_a_terminal() {
    let (text, plain) =
        ("\u{30a8}\u{30e9}\u{30fc}\u{304c}\u{767a}\u{751f}", "plain \u{e4}\n\x1b[32mgreen\x1b[0m \x1b(B\n");
    let line = encoding_rs::ISO_2022_JP.encode(text).0.into_owned();
    let log = [b"\x1b[31mA\x1b[0m ", &line[..], b" x\x1b[K\r\n", plain.as_bytes(), &line].concat();
    let shown = format!("\x1b[31mA\x1b[0m {text} x\x1b[K\r\n{plain}{text}");
    for encoding in [guess(&log), encoding_of(&log)] {
        assert_eq!(encoding.name(), "ISO-2022-JP");
        assert_eq!(decoded(encoding, &log), shown);
    }
    assert_eq!(decoded(TextEncoding::named("iso-2022-jp").unwrap(), &line), text);
    let before = self::plain(1024 * 1024 + 300);
    assert_eq!(looked_at(&[&before, &log]).name(), "ISO-2022-JP");
    for log in [plain.as_bytes(), b"cost \x1b$5\n", b"\x1b$B~~~\n"] {
        assert!(encoding_of(log).is_utf8(), "{log:?}");
    }
    assert!(reads_alike(b"plain") && !reads_alike(&line) && !reads_alike(b"p\0l\0"));
}

#[test]
fn the_mark_of_utf_8_is_no_part_of_the_first_row() {
    let rows = |long: usize| format!("\u{feff}error: x\u{feff}\u{e4}{}\n\u{feff}b\n", "y".repeat(long));
    for (long, clip) in [(0, 100), (200, 100), (300_000, 400_000), (300_000, 50)] {
        let dir = log_of(&[rows(long).as_bytes()]);
        let mut view = crate::LogView::open(dir.path()).unwrap();
        view.set_final(true);
        let expected = rows(long).lines().next().unwrap().trim_start_matches('\u{feff}').to_owned();
        let found = view.rows(solti_positions::RowNo::ZERO, 2, clip).unwrap();
        let shown = view.shown(&found[0], solti_rows::Style::default(), usize::MAX).unwrap();
        assert_eq!(shown.text, expected, "{long} {clip}");
        let mut first = found[0].clone();
        view.show(&mut first, clip).unwrap();
        assert!(expected.as_bytes().starts_with(&first.bytes) && first.full_len == expected.len() as u64);
        let line = view.line(found[0].row, 0, usize::MAX >> 1).unwrap().unwrap();
        assert_eq!((line.shown.text, line.full_len), (expected.clone(), expected.len() as u64));
        assert_eq!(view.line_bytes(found[0].row, usize::MAX).unwrap().unwrap(), expected.as_bytes());
        let second = view.shown(&found[1], solti_rows::Style::default(), usize::MAX).unwrap();
        assert_eq!(second.text, "\u{feff}b", "within a log it is what somebody printed");
    }
    assert_eq!(decoded(TextEncoding::default(), "\u{feff}a\n\u{feff}b\n".as_bytes()), "a\n\u{feff}b\n");
    let guessed = TextEncoding::guessed("windows-1251").unwrap();
    assert_eq!(decoded(guessed, "\u{feff}a\n\u{feff}b\n".as_bytes()), "a\n\u{feff}b\n");
}

#[test]
fn rows_of_utf_8_among_others_stay_what_they_are() {
    let mixed = guess(b"na\xefve r\xe9sum\xe9\n");
    assert_eq!(decoded(mixed, b"na\xefve\nna\xc3\xafve\n"), "na\u{ef}ve\nna\u{ef}ve\n");
    let utf16 = [&b"\xff\xfe"[..], &in_utf16("a b c d\n", u16::to_le_bytes), b"plain\nand plain\n"].concat();
    assert_eq!(decoded(guess(&utf16), &utf16), "a b c d\nplain\nand plain\n");
}

/// A log of these parts, one after the other, as the shim leaves it.
fn log_of(parts: &[&[u8]]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = crate::LogWriter::create(dir.path()).unwrap();
    for chunk in parts.concat().chunks(256 * 1024) {
        writer.append(crate::Stream::Stdout, chunk, 1).unwrap();
    }
    writer.finish(2).unwrap();
    dir
}

/// So many bytes of lines of ASCII.
fn plain(bytes: usize) -> Vec<u8> {
    b"0123456789 plain line\n".iter().copied().cycle().take(bytes - 1).chain(*b"\n").collect()
}

fn looked_at(parts: &[&[u8]]) -> TextEncoding {
    let dir = log_of(parts);
    let mut guess = EncodingGuess::default();
    let encoding = guess.look(dir.path(), true).unwrap();
    assert_eq!(guess.settled(), Some(encoding));
    encoding
}

#[test]
fn a_log_is_read_in_the_encoding_that_comes_behind_a_long_beginning_of_ascii() {
    const MIB: usize = 1024 * 1024;
    let russian = "\u{41e}\u{448}\u{438}\u{431}\u{43a}\u{430} \u{447}\u{442}\u{435}\u{43d}\u{438}\u{44f} \u{444}\u{430}\u{439}\u{43b}\u{430}\n";
    let cyrillic = encoding_rs::WINDOWS_1251.encode(russian).0.repeat(4_000);
    for before in [MIB + 5, 3 * MIB + 77] {
        let (before, after) = (plain(before), plain(2 * MIB));
        assert_eq!(looked_at(&[&before, &cyrillic]).name(), "windows-1251");
        // Also where it is a part in the middle, which is not small.
        let long = cyrillic.repeat(before.len() / MIB);
        assert_eq!(looked_at(&[&before, &long, &after]).name(), "windows-1251");
    }
    // Which byte of two comes first is told by where they begin, odd or even.
    for (name, bytes) in
        [("UTF-16LE", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("UTF-16BE", u16::to_be_bytes)]
    {
        let wide = in_utf16(&"some words of a line\n".repeat(30_000), bytes);
        for before in [2 * MIB, 2 * MIB + 1] {
            let encoding = looked_at(&[&plain(before), &wide]);
            assert_eq!(encoding, TextEncoding::guessed(name).unwrap(), "{before}");
        }
    }
}

#[test]
fn what_is_utf_8_stays_so_however_long_it_is() {
    const MIB: usize = 1024 * 1024;
    // Characters of two and of three bytes over every place where a piece begins or ends.
    let text = "\u{e4}\u{20ac} gr\u{fc}n\n".repeat(120_000);
    assert!(looked_at(&[text.as_bytes()]).is_utf8());
    assert!(looked_at(&[&plain(MIB - 1), "\u{e4}\n".as_bytes(), &plain(MIB)]).is_utf8());
    // Neither bytes that are no text make an encoding, nor does one of several bytes take a beginning in UTF-8 for its own.
    let noise: Vec<u8> = (0..=255).collect();
    assert!(looked_at(&[&plain(2 * MIB), &noise.repeat(2_000)]).is_utf8());
    let chinese = encoding_rs::GBK.encode("\u{627e}\u{4e0d}\u{5230}\u{6587}\u{4ef6}\n").0.repeat(90_000);
    assert_eq!(looked_at(&[&plain(2 * MIB), &chinese]).name(), "GBK");
    assert!(looked_at(&[text.as_bytes(), &chinese]).is_utf8());
}

#[test]
fn a_log_that_grows_is_looked_at_again_when_it_is_twice_as_long() {
    const MIB: usize = 1024 * 1024;
    let dir = tempfile::tempdir().unwrap();
    let mut writer = crate::LogWriter::create(dir.path()).unwrap();
    let mut add = |bytes: &[u8]| writer.append(crate::Stream::Stdout, bytes, 1).unwrap();
    let mut guess = EncodingGuess::default();
    add(&plain(MIB + MIB / 2));
    assert!(guess.look(dir.path(), false).unwrap().is_utf8());
    assert_eq!(guess.settled(), None);
    let cyrillic = encoding_rs::WINDOWS_1251
        .encode("\u{41e}\u{448}\u{438}\u{431}\u{43a}\u{430} \u{444}\u{430}\u{439}\u{43b}\u{430}\n")
        .0;
    add(&cyrillic.repeat(MIB / cyrillic.len()));
    assert_eq!(guess.look(dir.path(), false).unwrap().name(), "windows-1251");
    assert!(guess.settled().is_some());
}

#[test]
fn what_is_left_of_the_last_line_feed_is_no_row() {
    use crate::{LogSearch, LogView, LogWriter, Merged, RowExport, SearchQuery, SmallSearch, Stream, slices};
    use solti_positions::RowNo;
    let encoding = TextEncoding::guessed("UTF-16LE").unwrap();
    let query = |pattern: &str, invert| {
        let regex =
            SearchQuery { pattern: pattern.into(), regex: true, invert, encoding, ..SearchQuery::default() };
        regex.compile().unwrap()
    };
    let rows_of = |dir: &std::path::Path, is_final: bool| {
        let mut view = LogView::open(dir).unwrap();
        view.set_final(is_final);
        view.set_encoding(encoding);
        let rows = view.extent().unwrap().rows;
        for from in 0..rows + 2 {
            let found = view.rows(RowNo::new(from), 10, 100).unwrap();
            assert_eq!(found.len() as u64, rows.saturating_sub(from), "from {from}");
        }
        rows
    };
    for (text, rows) in [("line\nline\n", 2), ("line", 1), ("line\nline", 2), ("\n", 1), ("\n\n", 2)] {
        let bytes = in_utf16(text, u16::to_le_bytes);
        let dir = log_of(&[&bytes]);
        let dir = dir.path();
        let empty =
            text.split('\n').filter(|line| line.is_empty()).count() as u64 - u64::from(text.ends_with('\n'));
        assert_eq!(rows_of(dir, true), rows, "{text:?}");
        for (pattern, invert, expected) in [("", false, rows), ("^$", false, empty), ("line", true, empty)] {
            for block in [1, 4, 1000] {
                let search =
                    LogSearch::with_block_bytes(dir, query(pattern, invert), RowNo::ZERO, 1, block).unwrap();
                search.set_final(true);
                search.advance(&false.into(), &|_| {}).unwrap();
                assert_eq!(search.total(), expected, "{text:?} {pattern} {block}");
                let found = search.select(solti_positions::Rank::ZERO, 100).unwrap();
                assert_eq!(found.len() as u64, expected, "{text:?} {pattern} {block}");
                let mut view = LogView::open(dir).unwrap();
                view.set_encoding(encoding);
                let slices = slices(&mut view, 3, Some(&search)).unwrap();
                assert_eq!(
                    slices.iter().map(|slice| slice.matches).sum::<u64>(),
                    expected,
                    "{text:?} {pattern}"
                );
            }
            let small =
                SmallSearch::new(query(pattern, invert), 10).search(dir, Some(encoding)).unwrap().unwrap();
            assert_eq!(small.map_or(0, |found| found.matches), expected, "{text:?} {pattern}");
        }
        let mut export = RowExport::open(dir, true).unwrap();
        export.set_encoding(encoding);
        assert_eq!(export.next(None).unwrap().len() as u64, rows, "{text:?}");
        let mut merged = Merged::open([(dir, true), (dir, true)]).unwrap();
        merged.set_encodings([encoding; 2]);
        let (total, found) = merged.rows(solti_positions::MergedPosition::ZERO, 100, 100).unwrap();
        assert_eq!((total, found.len() as u64), (2 * rows, 2 * rows), "{text:?}");
    }
    // While it is written, byte by byte; the first segment ends within a line feed.
    let dir = tempfile::tempdir().unwrap();
    let sizes = crate::SegmentSizes { head: 3, rest: 1000 };
    let mut writer = LogWriter::with_sizes(dir.path(), sizes).unwrap();
    let search = LogSearch::open(dir.path(), query("", false), RowNo::ZERO, 1).unwrap();
    let log = in_utf16("a\nb\n\nc", u16::to_le_bytes);
    for (byte, rows) in log.iter().zip([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4]) {
        writer.append(Stream::Stdout, &[*byte], 1).unwrap();
        writer.flush_due(u64::MAX / 2).unwrap();
        search.advance(&false.into(), &|_| {}).unwrap();
        assert_eq!((rows_of(dir.path(), false), search.total()), (rows, rows), "{byte}");
    }
    // What another stream has cut off is one: the log goes on behind it.
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::create(dir.path()).unwrap();
    for (stream, bytes) in [(Stream::Stdout, &b"a\0\n\0"[..]), (Stream::Stderr, b"x\0\n")] {
        writer.append(stream, bytes, 1).unwrap();
        writer.flush_due(u64::MAX / 2).unwrap();
    }
    writer.finish(u64::MAX / 2).unwrap();
    assert_eq!(rows_of(dir.path(), true), 3);
}
