package report

import "strings"

// Table aligns rows of cells, and returns a line for each, harmless for a terminal. There must be at least one row, and all
// must have the same length; their cells are made harmless in place. A column without any text is left out.
func Table(rows [][]string) (lines []string) {
	cleanCells(rows)
	widths := widthsOf(rows)
	for _, row := range rows {
		var line strings.Builder
		for j, cell := range row {
			if widths[j] > 0 {
				line.WriteString(cell + strings.Repeat(" ", widths[j]-textWidth(cell)+2))
			}
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}

func cleanCells(rows [][]string) {
	for _, row := range rows {
		for j := range row {
			row[j] = OneLine(row[j])
		}
	}
}

// widthsOf returns how wide each column is.
func widthsOf(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for j, cell := range row {
			widths[j] = max(widths[j], textWidth(cell))
		}
	}
	return widths
}

// FitTable is Table for a terminal that is width columns wide; 0 is any width. A cell that is too wide takes several
// lines, up to most; 0 is any number. The first column, which identifies the row, stays as wide as it is.
func FitTable(rows [][]string, width, most int) []string {
	cleanCells(rows)
	widths := widthsOf(rows)
	if width == 0 || !shrink(widths, width) {
		return Table(rows)
	}
	var lines [][]string
	for _, row := range rows {
		lines = append(lines, wrapRow(row, widths, most)...)
	}
	return Table(lines)
}

// shrink makes the widest columns but the first narrower until all fit into width, or none is wide. It reports whether there
// was anything to do.
func shrink(widths []int, width int) bool {
	const gap, narrow = 2, 8
	total := -gap
	for _, w := range widths {
		if w > 0 {
			total += w + gap
		}
	}
	if total <= width || len(widths) == 1 {
		return false
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
	return true
}

// wrapRow returns the lines that a row takes in columns of these widths.
func wrapRow(row []string, widths []int, most int) [][]string {
	cells, height := make([][]string, len(row)), 1
	for j, text := range row {
		cells[j] = wrap(text, max(widths[j], 1), most)
		height = max(height, len(cells[j]))
	}
	lines := make([][]string, height)
	for i := range lines {
		lines[i] = make([]string, len(row))
		for j := range cells {
			if i < len(cells[j]) {
				lines[i][j] = cells[j][i]
			}
		}
	}
	return lines
}

// wrap cuts text into lines of at most width columns, between words, path elements or items where it can. If most is
// not 0, there are at most so many lines, and the last is shortened.
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
