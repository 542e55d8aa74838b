//! Columns of text, aligned as far as they are known.

use unicode_width::UnicodeWidthStr;

/// A longer cell moves what is behind it in its own line and not in all others.
const WIDEST: usize = 100;
/// On a terminal a cell that takes more than half of a line is cut where something follows it; with so many cells never.
const NEVER_CUT: usize = 40;

/// A table that is printed piece by piece. Columns are as wide as in the pieces so far; they grow where a later piece
/// needs it and never shrink.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    /// Cells of each column.
    widths: [usize; N],
    /// Cells of a line; what is beyond is cut.
    columns: Option<usize>,
}

impl<const N: usize> Table<N> {
    /// Between two columns.
    const GAP: usize = 2;

    /// An empty one for lines of so many cells.
    pub(crate) fn new(columns: Option<usize>) -> Self {
        Self { widths: [0; N], columns }
    }

    /// The lines of `rows`.
    pub(crate) fn lines(&mut self, rows: &[[String; N]]) -> String {
        let widest = self.widest();
        for row in rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width().min(widest));
            }
        }
        rows.iter().map(|row| self.line(row)).collect()
    }

    /// The widest that a column gets.
    fn widest(&self) -> usize {
        self.columns.map_or(WIDEST, |columns| (columns / 2).clamp(NEVER_CUT, WIDEST))
    }

    /// One line with its end.
    fn line(&self, row: &[String; N]) -> String {
        let mut line = String::new();
        for (at, (width, cell)) in self.widths.iter().zip(row).enumerate().filter(|(_, (width, _))| **width > 0) {
            // A file has it all; on a terminal what follows would be beyond its end.
            if self.columns.is_some() && at + 1 < N && cell.width() > self.widest() {
                line.push_str(&cut(cell, width.saturating_sub(1)));
                line.push('…');
            } else {
                line.push_str(cell);
            }
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + Self::GAP));
        }
        let line = line.trim_end();
        match self.columns {
            Some(columns) if line.width() > columns => cut(line, columns.saturating_sub(1)) + "…\n",
            _ => format!("{line}\n"),
        }
    }
}

/// The beginning of `text` that fits into so many cells.
fn cut(text: &str, cells: usize) -> String {
    let mut fitting = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.to_string().width();
        if used > cells {
            break;
        }
        fitting.push(c);
    }
    fitting
}

/// A number of rows: none at all is asked for by nobody, and an answer of none would say that there are none.
pub(crate) fn at_least_one(typed: &str) -> Result<usize, String> {
    match typed.parse() {
        Ok(0) => Err("write 1 or more".to_owned()),
        other => other.map_err(|error: std::num::ParseIntError| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: [&str; 3]) -> [String; 3] {
        cells.map(str::to_owned)
    }

    #[test]
    fn columns_are_aligned_by_the_cells_they_take() {
        let mut table = Table::new(None);
        let text = table.lines(&[row(["ID", "", "WORK"]), row(["日本", "", "x"]), row(["abcdef", "", ""])]);
        assert_eq!(text, "ID      WORK\n日本    x\nabcdef\n");
        assert_eq!(table.lines(&[row(["a", "b", "c"])]), "a       b  c\n");
    }

    #[test]
    fn one_cell_without_end_widens_no_other_line() {
        let mut table = Table::new(None);
        let long = "x".repeat(1000);
        let text = table.lines(&[row(["a", &long, "c"]), row(["a", "b", "c"])]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].ends_with("x  c") && lines[1].len() == 3 + WIDEST + 3, "{}", lines[1].len());
    }

    #[test]
    fn on_a_terminal_one_cell_without_end_leaves_room_for_the_others() {
        let long = "w".repeat(300);
        let text = Table::new(Some(80)).lines(&[row([&long, "b", "c"]), row(["a", "b", &long])]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("{}…  b  c", "w".repeat(39)));
        assert!(lines[1].starts_with(&format!("a{}b  www", " ".repeat(41))) && lines[1].ends_with('…'), "{}", lines[1]);
        assert!(Table::new(None).lines(&[row([&long, "b", "c"])]).contains(&long), "a file has it all");
    }

    #[test]
    fn a_line_is_cut_where_the_terminal_ends() {
        let mut table = Table::new(Some(8));
        assert_eq!(table.lines(&[row(["ab", "cd", "ef"])]), "ab  cd …\n");
        assert_eq!(Table::new(Some(4)).lines(&[row(["日本語", "", ""])]), "日…\n");
        assert_eq!(Table::new(Some(0)).lines(&[row(["x", "", ""])]), "…\n");
    }
}
