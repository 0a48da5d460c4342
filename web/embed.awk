# SPDX-License-Identifier: BSD-2-Clause
#
# Makes the style sheet a C string. It is written as an array of octets, since a
# compiler need not accept a literal of that length. The sheet is ASCII.
BEGIN {
	for (i = 1; i < 128; i++)
		code[sprintf("%c", i)] = i
	print "#include \"web/style.h\"\n"
	print "const char pst_web_style[] = {"
}
{
	line = "    "
	for (i = 1; i <= length($0); i++) {
		octet = substr($0, i, 1)
		if (!(octet in code)) {
			print "line " NR " is not ASCII" > "/dev/stderr"
			failed = 1
			exit 1
		}
		line = line code[octet] ", "
	}
	print line "10,"
}
END {
	if (!failed)
		print "    0,\n};"
}
