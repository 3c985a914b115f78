# Judges, on the host, what a probe has said. What follows this is END with the expectations, made of the functions here.
# A text is the hex of its bytes with a blank before each, so that no byte is special to any awk; a list is several facts
# of one name.
BEGIN {
	for (i = 1; i < 256; i++) code[sprintf("%c", i)] = sprintf(" %02x", i)
	failing = "cat >/dev/null; exit 1"
	print "" | failing
	tells = close(failing) != 0 # some awks don't tell how a program has ended
}
/^!/ { sub(/^!\*?/, "", $1); unseen[$1] = 1; next }
/^[a-z0-9_]+[ :]/ {
	name = $0
	sub(/[ :].*/, "", name)
	n = ++facts[name]
	isHex[name, n] = substr($0, length(name) + 1, 1) == ":"
	said[name, n] = substr($0, length(name) + 2)
}

# Of several expressions, one has to hold: settled(begun() || A || tried() || B). One that can't be told counts where no
# other one holds.
function begun() { untold[++depth] = 0; return 0 }
function tried() { if (hopeless) untold[depth] = 1; hopeless = 0; return 0 }
function settled(ok) { hopeless = !ok && (hopeless || untold[depth]); depth--; return ok }

# The value of an attribute. One that can't be told makes the whole fail, whatever other expression it is in.
function seen(name) { return name in facts }
function absent(name) { return !(name in facts) && !(name in unseen) && !("" in unseen) }
function broken() { hopeless = 1; return 0 }
function plain(name) { return said[name, facts[name]] }
function number(name) { return plain(name) ~ /^[ \t]*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?[ \t]*$/ ? plain(name) + 0 : broken() }
function mode(name,  m) { m = plain(name); sub(/^0+/, "", m); return m == "" ? "0" : m }
function text(name) { return bytes(name, facts[name]) }
function bytes(name, i,  x) {
	x = said[name, i]
	if (!isHex[name, i]) return hex(x)
	gsub(/../, " &", x)
	return x
}
function hex(s,  half) {
	if (length(s) < 2) return code[s]
	half = int(length(s) / 2)
	return hex(substr(s, 1, half)) hex(substr(s, half + 1))
}

# The elements of a list; a fact without a value only says that there is a list.
function size(name,  i, n) { for (i = 1; i <= facts[name]; i++) n += said[name, i] != ""; return n + 0 }
function has(name, one,  i) { for (i = 1; i <= facts[name]; i++) if (said[name, i] != "" && bytes(name, i) == one) return 1; return 0 }
function anyLike(name, pattern,  i) { for (i = 1; i <= facts[name]; i++) if (said[name, i] != "" && like(bytes(name, i), pattern)) return 1; return 0 }
function same(name, wanted,  i, n, each, left) {
	n = split(wanted, each, ",")
	for (i = 1; i <= n; i++) left[each[i]]++
	for (i = 1; i <= facts[name]; i++) if (said[name, i] != "" && left[bytes(name, i)]-- < 1) return 0
	return size(name) == n
}

# The characters of a text, one word for each; a byte that is part of no character is U+FFFD.
function runes(x,  n, i) {
	gsub(/ (c[2-9a-f]|d.) [89ab].| (e0 [ab].|e[1-9abcef] [89ab].|ed [89].) [89ab].| (f0 [9ab].|f[123] [89ab].|f4 8.) [89ab]. [89ab]./, "<&>", x)
	n = split(x, piece, /[<>]/)
	for (i = 1; i <= n; i++) {
		if (i % 2) gsub(/ [89a-f]./, " efbfbd", piece[i])
		else { gsub(/ /, "", piece[i]); piece[i] = " " piece[i] }
	}
	return joined(1, n)
}
function joined(from, to,  half) {
	if (from >= to) return from == to ? piece[from] : ""
	half = int((from + to) / 2)
	return joined(from, half) joined(half + 1, to)
}
function letters(x) { x = runes(x); return gsub(/ /, "", x) }
function like(x, pattern,  grep) {
	if (!tells) return runes(x) ~ pattern
	grep = "grep -E '" pattern "' >/dev/null" # mawk fails with some patterns
	print runes(x) | grep
	return close(grep) == 0
}

# The first version in a text becomes v1, v2, v3: up to three numbers with dots between them, not right after a dot or a
# number, and without an epoch, which has no v before it.
function version(x,  part, v) {
	gsub(/ 3a/, ":", x); gsub(/ 76/, "v", x); gsub(/ 2e/, ".", x)
	gsub(/ ([^3].|3[b-f])/, "_", x); gsub(/ 3/, "", x)
	x = "_" x
	if (!match(x, /[^0-9.][0-9]/)) return broken()
	v = substr(x, RSTART, 1) == "v"
	x = substr(x, RSTART + 1)
	if (!v && match(x, /^[0-9]+:v?[0-9]/)) { x = substr(x, index(x, ":") + 1); sub(/^v/, "", x) }
	sub(/[^0-9.].*/, "", x)
	split(x "..", part, ".") # three parts: gawk 5.3 crashes on one that is not there, once a function has changed it
	v1 = decimal(part[1]); v2 = decimal(part[2]); v3 = part[2] == "" ? 0 : decimal(part[3])
	return 1
}
function decimal(digits) { sub(/^0+/, "", digits); return digits + 0 } # some awks take 017 for 15
