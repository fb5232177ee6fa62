//! One line of a terminal without a right edge: cells that are written and overwritten, and a cursor.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::charset::Charset;
use crate::controls::is_control;
use crate::looks::{Look, Looks};
use crate::shown::{Link, Shown, Span};
use crate::style::Style;

/// Where tabs stop.
const TAB: usize = 8;
/// Nobody's terminal is so wide: a program that goes so far goes to the right edge, wherever that is …
const BEYOND: usize = 500;
/// … and this is where it is taken to be, or behind the text where that is longer.
const EDGE: usize = 79;
/// Cells that are moved and erased in one row, one by one. Only a row that means harm asks for more, and gets less.
const MAX_WORK: usize = 64 * 1024 * 1024;
/// So many characters with marks are kept in any case.
const FEW_CLUSTERS: usize = 64;
/// Marks upon one character.
const MAX_MARKS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A space that nobody wrote.
    Blank,
    Char,
    /// Drawn by whoever shows it: it would be invisible, or would rearrange what is around it.
    Control,
    /// The first column of a character of two, or of a tab.
    Head,
    /// A further column of the cell before.
    Rest,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    /// A character, or from [`CLUSTERS`] on the number of a character with marks.
    text: u32,
    look: u16,
    kind: Kind,
}

/// Above all characters.
const CLUSTERS: u32 = 1 << 24;

/// What is saved and restored with the cursor.
#[derive(Clone, Debug, Default)]
struct Cursor {
    /// The number of its row, in the order in which they were come to.
    row: usize,
    column: usize,
    look: Look,
    charset: Charset,
}

/// A row that the cursor has left, and may come back to.
#[derive(Debug, Default)]
struct Left {
    row: usize,
    cells: Vec<Cell>,
    clusters: Vec<String>,
    end: usize,
    fill: Style,
    redrawn: bool,
}

/// The line. Its memory is bounded by the columns that it keeps, some ten bytes each, for two rows at most.
#[derive(Debug)]
pub(crate) struct Line {
    /// Which row the cells are: that of the cursor, once something is written there.
    row: usize,
    cells: Vec<Cell>,
    /// Columns that are kept; of what is behind them only the end is known.
    keep: usize,
    /// Behind the last column that was written, kept or not.
    end: usize,
    clusters: Vec<String>,
    looks: Looks,
    cursor: Cursor,
    saved: Option<Cursor>,
    /// What is in the row of the saved cursor, while others are written.
    left: Option<Left>,
    /// Rows that were come to.
    rows: usize,
    /// Of the cursor's look, when it is known.
    look: Option<u16>,
    /// Of what is behind the text.
    fill: Style,
    /// Something was written over or erased.
    redrawn: bool,
    inserts: bool,
    last: Option<char>,
    /// Cells that may still be moved or erased.
    work: usize,
}

impl Line {
    pub(crate) fn new(keep: usize) -> Self {
        Self {
            row: 0,
            cells: Vec::new(),
            keep,
            end: 0,
            clusters: Vec::new(),
            looks: Looks::default(),
            cursor: Cursor::default(),
            saved: None,
            left: None,
            rows: 0,
            look: None,
            fill: Style::default(),
            redrawn: false,
            inserts: false,
            last: None,
            work: MAX_WORK,
        }
    }

    /// Empty again, with this switched on.
    pub(crate) fn begin(&mut self, style: Style) {
        self.cells.clear();
        self.clusters.clear();
        self.looks.clear();
        self.end = 0;
        self.cursor = Cursor { look: Look { style, link: None }, ..Cursor::default() };
        (self.row, self.rows, self.saved, self.left) = (0, 0, None, None);
        (self.look, self.fill, self.work) = (None, Style::default(), MAX_WORK);
        (self.redrawn, self.inserts, self.last) = (false, false, None);
    }

    pub(crate) fn style(&self) -> Style {
        self.cursor.look.style
    }

    pub(crate) fn restyle(&mut self, change: impl FnOnce(&mut Style)) {
        change(&mut self.cursor.look.style);
        self.look = None;
    }

    /// Returns the one before.
    pub(crate) fn set_link(&mut self, link: Option<Link>) -> Option<Link> {
        self.look = None;
        std::mem::replace(&mut self.cursor.look.link, link)
    }

    pub(crate) fn set_charset(&mut self, number: usize, drawing: bool) {
        self.cursor.charset.set(number, drawing);
    }

    pub(crate) fn shift(&mut self, shifted: bool) {
        self.cursor.charset.shift(shifted);
    }

    pub(crate) fn set_inserts(&mut self, inserts: bool) {
        self.inserts = inserts;
    }

    pub(crate) fn put(&mut self, raw: char) {
        let c = self.cursor.charset.character(raw);
        if is_control(c) {
            return self.put_control(c);
        }
        self.last = Some(raw);
        match if c.is_ascii() { 1 } else { c.width().unwrap_or(1) } {
            0 => self.mark(c),
            1 => self.write(c, 1, Kind::Char),
            width => self.write(c, width, Kind::Head),
        }
    }

    pub(crate) fn put_control(&mut self, c: char) {
        self.write(c, 1, Kind::Control);
    }

    pub(crate) fn tab(&mut self, times: usize) {
        for _ in 0..times.min(BEYOND) {
            let at = self.cursor.column;
            let to = (at / TAB + 1) * TAB;
            if at == self.end || self.is_elsewhere() {
                self.write('\t', to - at, Kind::Head);
            } else {
                self.cursor.column = to;
            }
        }
    }

    pub(crate) fn tab_back(&mut self, times: usize) {
        for _ in 0..times.min(BEYOND) {
            self.cursor.column = self.cursor.column.saturating_sub(1) / TAB * TAB;
        }
    }

    /// To a column, counted from 0.
    pub(crate) fn go_to(&mut self, column: usize) {
        self.cursor.column = if column < BEYOND { column } else { EDGE.max(self.end) };
    }

    pub(crate) fn forward(&mut self, by: usize) {
        if by < BEYOND { self.cursor.column += by } else { self.go_to(BEYOND) }
    }

    pub(crate) fn back(&mut self, by: usize) {
        self.cursor.column = self.cursor.column.saturating_sub(by);
    }

    pub(crate) fn save(&mut self) {
        self.left.take_if(|left| left.row != self.cursor.row);
        self.saved = Some(self.cursor.clone());
    }

    pub(crate) fn restore(&mut self) {
        let begin = Cursor { row: self.cursor.row, ..Cursor::default() };
        self.cursor = self.saved.clone().unwrap_or(begin);
        self.look = None;
        let is_text = |left: &Left| left.row == self.cursor.row && !left.cells.is_empty();
        if self.left.as_ref().is_some_and(is_text) {
            self.turn();
        }
    }

    /// The cursor is in another row; what is in this one stays until something is written there.
    pub(crate) fn leave(&mut self) {
        self.rows += 1;
        self.cursor.row = self.rows;
    }

    /// What is written next is in another row.
    fn is_elsewhere(&self) -> bool {
        self.cursor.row != self.row
    }

    /// Takes the cursor's row for this one, with what is known of it.
    fn turn(&mut self) {
        let to = self.cursor.row;
        let mut left = self.left.take_if(|left| left.row == to).unwrap_or_default();
        std::mem::swap(&mut self.cells, &mut left.cells);
        std::mem::swap(&mut self.clusters, &mut left.clusters);
        std::mem::swap(&mut self.end, &mut left.end);
        std::mem::swap(&mut self.fill, &mut left.fill);
        std::mem::swap(&mut self.redrawn, &mut left.redrawn);
        left.row = std::mem::replace(&mut self.row, to);
        if self.saved.as_ref().is_some_and(|saved| saved.row == left.row) {
            self.left = Some(left);
        }
    }

    /// Everything as in the beginning.
    pub(crate) fn reset(&mut self) {
        self.begin(Style::default());
    }

    pub(crate) fn soft_reset(&mut self) {
        let Cursor { row, column, .. } = self.cursor;
        self.cursor = Cursor { row, column, ..Cursor::default() };
        (self.look, self.inserts) = (None, false);
    }

    /// Writes the last character again.
    pub(crate) fn repeat(&mut self, times: usize) {
        if let Some(last) = self.last {
            (0..times.min(BEYOND)).for_each(|_| self.put(last));
        }
    }

    pub(crate) fn erase_to_end(&mut self) {
        if !self.is_elsewhere() {
            self.erase_from(self.cursor.column);
        }
    }

    /// Up to the cursor and with it.
    pub(crate) fn erase_to_start(&mut self) {
        if !self.is_elsewhere() {
            self.blank(0..self.cursor.column + 1);
        }
    }

    pub(crate) fn erase_all(&mut self) {
        if !self.is_elsewhere() {
            self.erase_from(0);
        }
    }

    pub(crate) fn erase(&mut self, count: usize) {
        if !self.is_elsewhere() {
            self.blank(self.cursor.column..self.cursor.column.saturating_add(count));
        }
    }

    /// What follows moves up.
    pub(crate) fn delete(&mut self, count: usize) {
        let from = self.cursor.column;
        if self.is_elsewhere() || from >= self.end || !self.may_move(from) {
            return;
        }
        let to = from.saturating_add(count);
        self.split(from);
        self.split(to);
        let kept = self.cells.len();
        self.cells.drain(from.min(kept)..to.min(kept));
        self.end = if to < self.end { self.end - count } else { from };
    }

    /// What follows makes room.
    pub(crate) fn insert(&mut self, count: usize) {
        let from = self.cursor.column;
        if self.is_elsewhere() {
            return;
        }
        if from >= self.end {
            return self.blank(from..from.saturating_add(count));
        }
        if count >= BEYOND {
            return self.erase_from(from);
        }
        if !self.may_move(from) {
            return;
        }
        self.split(from);
        let blank = self.blank_cell();
        if from < self.cells.len() {
            self.cells.splice(from..from, std::iter::repeat_n(blank, count));
            self.cells.truncate(self.keep);
        }
        self.end += count;
    }

    fn write(&mut self, c: char, width: usize, kind: Kind) {
        if self.is_elsewhere() {
            self.turn();
        }
        if self.inserts {
            self.insert(width);
        }
        let at = self.cursor.column;
        self.cursor.column += width;
        if at < self.end {
            self.redrawn = true;
        }
        self.end = self.end.max(self.cursor.column);
        if at + width > self.keep {
            return;
        }
        // A tab moves on, and paints nothing.
        let look = if c == '\t' { self.fill_look() } else { self.look_number() };
        let cell = Cell { text: u32::from(c), look, kind };
        if at == self.cells.len() && width == 1 {
            self.cells.push(cell);
            return;
        }
        if width == 1
            && let Some(old) = self.cells.get_mut(at)
            && !matches!(old.kind, Kind::Head | Kind::Rest)
        {
            *old = cell;
            return;
        }
        self.pad(at);
        if at < self.cells.len() {
            self.split(at);
            self.split(at + width);
        }
        if self.cells.len() < at + width {
            self.cells.resize(at + width, cell);
        }
        self.cells[at] = cell;
        for rest in &mut self.cells[at + 1..at + width] {
            *rest = Cell { kind: Kind::Rest, ..cell };
        }
    }

    /// Adds a mark to the character before the cursor.
    fn mark(&mut self, mark: char) {
        if self.is_elsewhere() || (self.cursor.column == 0 && self.cells.is_empty()) {
            return self.write(mark, 1, Kind::Char);
        }
        let mut at = self.cursor.column.saturating_sub(1);
        if self.cursor.column > self.keep {
            return;
        }
        if at >= self.cells.len() {
            self.end = self.end.max(at + 1);
            self.cursor.column = self.cursor.column.max(1);
        }
        self.pad(at + 1);
        let before = at;
        while at > 0 && self.cells[at].kind == Kind::Rest {
            at -= 1;
        }
        if self.cells[at].text == u32::from('\t') {
            // Upon the last of the spaces that it is.
            for cell in &mut self.cells[at..=before] {
                *cell = Cell { text: u32::from(' '), kind: Kind::Blank, ..*cell };
            }
            at = before;
        }
        let cell = self.cells[at];
        if cell.kind == Kind::Control {
            return self.write(mark, 1, Kind::Char);
        }
        if cell.text >= CLUSTERS {
            let cluster = &mut self.clusters[(cell.text - CLUSTERS) as usize];
            if cluster.len() < MAX_MARKS * 4 {
                cluster.push(mark);
            }
            return;
        }
        let base = char::from_u32(cell.text).unwrap_or(' ');
        if self.clusters.len() >= FEW_CLUSTERS + 2 * self.cells.len() {
            self.forget_overwritten();
        }
        self.cells[at].text = CLUSTERS + self.clusters.len() as u32;
        self.clusters.push([base, mark].iter().collect());
    }

    /// Keeps those characters with marks that are still there: a row may redraw itself without end.
    fn forget_overwritten(&mut self) {
        let mut kept = Vec::new();
        // The columns of one character follow each other.
        let mut before = None;
        for cell in &mut self.cells {
            let Some(number) = cell.text.checked_sub(CLUSTERS) else { continue };
            if before != Some(number) {
                before = Some(number);
                kept.push(std::mem::take(&mut self.clusters[number as usize]));
            }
            cell.text = CLUSTERS + (kept.len() - 1) as u32;
        }
        self.clusters = kept;
    }

    /// Blanks up to this column.
    fn pad(&mut self, to: usize) {
        if self.cells.len() < to {
            let look = self.fill_look();
            self.cells.resize(to, Cell { text: u32::from(' '), look, kind: Kind::Blank });
        }
    }

    /// Nothing reaches from before this column to behind it: what did becomes spaces.
    fn split(&mut self, at: usize) {
        if self.cells.get(at).is_none_or(|cell| cell.kind != Kind::Rest) {
            return;
        }
        let head = self.cells[..at].iter().rposition(|cell| cell.kind != Kind::Rest).unwrap_or(0);
        let rest = self.cells[head + 1..].iter().take_while(|cell| cell.kind == Kind::Rest).count();
        for cell in &mut self.cells[head..=head + rest] {
            *cell = Cell { text: u32::from(' '), kind: Kind::Char, ..*cell };
        }
    }

    /// Ends the line before this column.
    fn cut(&mut self, at: usize) {
        self.redrawn |= at < self.end;
        self.split(at);
        self.cells.truncate(at);
        self.end = self.end.min(at);
    }

    /// Erases all from this column on, which takes the ground that is switched on.
    fn erase_from(&mut self, at: usize) {
        let fill = self.cursor.look.style.of_blank();
        if fill != self.fill {
            self.pad(at.min(self.keep));
            self.end = self.end.max(self.cells.len());
            self.fill = fill;
        }
        self.cut(at);
    }

    /// What is from this column on moves, unless there was too much of that. A tab that has moved is so many spaces.
    fn may_move(&mut self, from: usize) -> bool {
        let cells = self.cells.get_mut(from..).unwrap_or_default();
        if !spend(&mut self.work, cells.len()) {
            return false;
        }
        self.redrawn = true;
        let mut of_tab = false;
        for cell in cells {
            of_tab = cell.text == u32::from('\t') && (cell.kind == Kind::Head || of_tab);
            if of_tab {
                *cell = Cell { text: u32::from(' '), kind: Kind::Blank, ..*cell };
            }
        }
        true
    }

    fn blank(&mut self, columns: Range<usize>) {
        if !spend(&mut self.work, columns.len().min(self.cells.len())) {
            return;
        }
        self.redrawn = true;
        self.split(columns.start);
        self.split(columns.end);
        let blank = self.blank_cell();
        if self.cursor.look.style.of_blank() != self.fill && columns.end - columns.start < BEYOND {
            // Behind the text it is to be seen too.
            self.end = self.end.max(columns.end);
            self.pad(columns.end.min(self.keep));
        }
        let kept = self.cells.len();
        self.cells[columns.start.min(kept)..columns.end.min(kept)].fill(blank);
    }

    fn blank_cell(&mut self) -> Cell {
        let style = self.cursor.look.style.of_blank();
        let look = self.looks.number_of(Look { style, link: None });
        Cell { text: u32::from(' '), look, kind: Kind::Blank }
    }

    fn fill_look(&mut self) -> u16 {
        self.looks.number_of(Look { style: self.fill, link: None })
    }

    fn look_number(&mut self) -> u16 {
        if let Some(look) = self.look {
            return look;
        }
        let look = self.looks.number_of(self.cursor.look.clone());
        self.look = Some(look);
        look
    }

    /// What is to be seen, of its text at most `limit` bytes.
    pub(crate) fn shown(&self, limit: usize) -> Shown {
        let mut shown = Shown::default();
        let cells = &self.cells[..self.seen()];
        let (mut run, mut len): (Option<(u16, bool)>, usize) = (None, 0);
        for cell in cells {
            if cell.kind == Kind::Rest {
                continue;
            }
            let this = (cell.look, cell.kind == Kind::Control);
            if run != Some(this) {
                self.close(&mut shown, run, &mut len);
                run = Some(this);
            }
            let before = shown.text.len();
            match cell.text.checked_sub(CLUSTERS) {
                Some(cluster) => shown.text.push_str(&self.clusters[cluster as usize]),
                None => shown.text.push(char::from_u32(cell.text).unwrap_or('\u{fffd}')),
            }
            len += shown.text.len() - before;
        }
        self.close(&mut shown, run, &mut len);
        shown.more = self.end.saturating_sub(self.keep.max(cells.len())) as u64;
        shown.end = self.style();
        shown.clip(limit);
        shown.simplify();
        shown
    }

    fn close(&self, shown: &mut Shown, run: Option<(u16, bool)>, len: &mut usize) {
        if let Some((look, control)) = run {
            let Look { style, link } = self.looks.get(look).clone();
            shown.push(Span { len: std::mem::take(len), style, control, link });
        }
    }

    /// Columns that are worth showing: of a line that was redrawn without the spaces that only wipe what was there.
    fn seen(&self) -> usize {
        if !self.redrawn || self.end > self.keep {
            return self.cells.len();
        }
        let wipes =
            |cell: &Cell| cell.text == u32::from(' ') && !self.looks.get(cell.look).style.shows_blanks();
        self.cells.iter().rposition(|cell| !wipes(cell)).map_or(0, |last| last + 1)
    }
}

fn spend(left: &mut usize, cells: usize) -> bool {
    let enough = *left >= cells;
    *left -= cells.min(*left);
    enough
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_redraws_itself_keeps_no_more_than_is_there() {
        let mut line = Line::new(100);
        let row = "o\u{308} \u{23f3}\u{fe0f} e\u{301}\u{302}";
        for _ in 0..10_000 {
            line.go_to(0);
            row.chars().for_each(|c| line.put(c));
        }
        assert!(line.clusters.len() <= FEW_CLUSTERS + 2 * line.cells.len(), "{}", line.clusters.len());
        assert_eq!(line.shown(usize::MAX).text, row);
    }
}
