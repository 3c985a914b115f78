package report

import "strings"

// Table lines up rows of cells, all of one length, and returns a line for each, harmless for a terminal. A column without
// a text is left out.
func Table(rows [][]string) (lines []string) { return tableLines(rows, false) }

// tableLines is Table, which may keep columns that are empty.
func tableLines(rows [][]string, empty bool) (lines []string) {
	widths := widthsOf(rows)
	for _, row := range rows {
		var line strings.Builder
		for j, cell := range row {
			if widths[j] > 0 || empty {
				line.WriteString(cell + strings.Repeat(" ", widths[j]-textWidth(cell)+2))
			}
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}

// widthsOf makes the cells harmless, and returns how wide each column is.
func widthsOf(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for j := range row {
			row[j] = OneLine(row[j])
			widths[j] = max(widths[j], textWidth(row[j]))
		}
	}
	return widths
}

// FitTable is Table for a terminal that is so many columns wide, or 0 for any width. A cell that finds no room goes on below, in
// most lines at most, or 0 for any number; only the first column, by which a row is known, stays as wide as it is.
func FitTable(rows [][]string, width, most int) []string {
	const gap, narrow = 2, 8
	widths := widthsOf(rows)
	total := -gap
	for _, w := range widths {
		if w > 0 {
			total += w + gap
		}
	}
	if width == 0 || total <= width || len(widths) == 1 {
		return Table(rows)
	}
	for ; total > width; total-- {
		widest := 1
		for j := range widths[1:] {
			if widths[j+1] > widths[widest] {
				widest = j + 1
			}
		}
		if widths[widest] <= narrow {
			break
		}
		widths[widest]--
	}
	var lines [][]string
	for _, row := range rows {
		cells, height := make([][]string, len(row)), 1
		for j, text := range row {
			cells[j] = wrap(text, max(widths[j], 1), most)
			height = max(height, len(cells[j]))
		}
		for i := range height {
			line := make([]string, len(row))
			for j := range cells {
				if i < len(cells[j]) {
					line[j] = cells[j][i]
				}
			}
			lines = append(lines, line)
		}
	}
	return Table(lines)
}

// wrap takes text apart into lines of at most width columns, between words, folders or items where it can. Of most lines,
// or 0 for any number, the last is cut.
func wrap(text string, width, most int) (lines []string) {
	for textWidth(text) > width {
		if len(lines)+1 == most {
			text = Style{Width: width}.cut(text, 0)
			break
		}
		end, used := 0, 0
		for i, r := range text {
			if used += runeWidth(r); used > width && i > 0 {
				break
			}
			end = i + len(string(r))
		}
		next := end
		if text[end] == ' ' {
			next++
		} else if at := strings.LastIndexAny(text[:end], " /,"); at > 0 {
			end, next = at+1, at+1
		}
		lines = append(lines, strings.TrimSuffix(text[:end], " "))
		text = text[next:]
	}
	return append(lines, text)
}
