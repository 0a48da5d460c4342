# SPDX-License-Identifier: BSD-2-Clause
# The scripts check, demo and on read this file. None leaves anything in the
# source tree: they copy it and build in the copy.

# Debian's own Python finds the modules that Debian packages install.
[ -x /usr/bin/python3 ] && : "${PYTHON:=/usr/bin/python3}"
: "${PYTHON:=python3}"
export PYTHON

top=$(cd "$(dirname "$0")/.." && pwd)
name=$(basename "$0")

fail()
{
	echo "$name: $*" >&2
	exit 1
}

# Reads the options of check and demo: sets $install, or runs the script on
# another Debian release. $usage is what to print if they are wrong.
parse_options()
{
	install=yes
	case $#,${1-} in
	0,) ;;
	1,--no-install) install=no ;;
	2,--on) exec "$top/scripts/on" "$2" "scripts/$name" ;;
	*)
		echo "$usage" >&2
		exit 2
		;;
	esac
}

# Creates a temporary directory and sets $place to it; the directory is removed
# when the script ends.
make_place()
{
	place=$(mktemp -d "${TMPDIR:-/tmp}/postern-$name.XXXXXX")
	trap 'rm -rf "$place"' EXIT
	trap 'exit 130' INT TERM HUP
}

# Copies the tree, without what git ignores, to $place/source.
copy_source()
{
	mkdir "$place/source"
	(
		cd "$top"
		if [ -e .git ] && command -v git >/dev/null; then
			git -c safe.directory="$top" ls-files -z -c -o \
				--exclude-standard |
				xargs -0 sh -c 'for f; do
					[ ! -e "$f" ] || printf "%s\0" "$f"
				done' sh
		else
			find . -name .git -prune -o -type f -print0
		fi | tar -c --null -T - -f -
	) | tar -x -C "$place/source" -f -
}
