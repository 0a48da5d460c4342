/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/charset.h"

#include <iconv.h>
#include <stdatomic.h>

#include "base/fold.h"
#include "base/macros.h"

#define MAX_NAME 32

/* Sets that are still in use, but none that shifts between several. */
static const char *const names[] = {"iso-8859-2", "iso-8859-3", "iso-8859-4",
    "iso-8859-5", "iso-8859-6", "iso-8859-7", "iso-8859-8", "iso-8859-9",
    "iso-8859-10", "iso-8859-13", "iso-8859-14", "iso-8859-15", "iso-8859-16",
    "windows-1250", "windows-1251", "windows-1253", "windows-1254",
    "windows-1255", "windows-1256", "windows-1257", "windows-1258", "koi8-r",
    "koi8-u", "gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc-jp",
    "iso-2022-jp", "euc-kr", "ks_c_5601-1987", "tis-620", "utf-16be",
    "utf-16le", "utf-16"};

static atomic_bool prepared;

void
pst_charset_prepare(void)
{
	if (atomic_exchange(&prepared, true))
		return;
	/* They are never closed, which would unload the code again. */
	for (size_t i = 0; i < PST_COUNT(names); i++)
		(void)iconv_open("UTF-8", names[i]);
}

static const char *
find(struct pst_str charset)
{
	for (size_t i = 0; i < PST_COUNT(names); i++) {
		if (pst_str_ieq(charset, pst_str(names[i])))
			return names[i];
	}
	return NULL;
}

/* Returns false if not all octets are of that set. */
static bool
convert(struct pst_arena *arena, const char *name, struct pst_str octets,
    struct pst_str *out)
{
	size_t room = 3 * octets.len;
	char *text = pst_arena_room(arena, room + 1);
	char *in = pst_arena_memdup(arena, octets.ptr, octets.len);
	char *at = text;
	size_t len = octets.len;
	iconv_t handle = iconv_open("UTF-8", name);
	bool ok;

	if (handle == (iconv_t)-1)
		return false;
	ok = iconv(handle, &in, &len, &at, &room) != (size_t)-1 && len == 0;
	(void)iconv_close(handle);
	*out = (struct pst_str){text, (size_t)(at - text)};
	return ok;
}

struct pst_str
pst_charset_to_utf8(
    struct pst_arena *arena, struct pst_str charset, struct pst_str octets)
{
	/* RFC 2231 s. 5: a language may follow. */
	const struct pst_str set =
	    pst_str_first(charset, pst_str_find(charset, '*'));
	const char *name = find(pst_str_first(set, MAX_NAME));
	struct pst_str out;

	if (pst_str_ieq(set, PST_STR("utf-8")) ||
	    pst_str_ieq(set, PST_STR("us-ascii")))
		return octets;
	if (name != NULL && octets.len > 0 &&
	    convert(arena, name, octets, &out))
		return out;
	return pst_fold_latin(arena, octets);
}
