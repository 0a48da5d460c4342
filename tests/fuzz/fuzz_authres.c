/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The octets are read as a field's value, then written as an authserv-id and
 * as a property. The written field must not contain lines of the input's own,
 * and must give the same id when it is read again.
 */

#include <assert.h>

#include "base/domain.h"
#include "mail/authres.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_lines(const char *text)
{
	for (size_t len = 23; *text != '\0'; text++, len++) {
		assert((unsigned char)*text >= 0x20 || *text == '\n' ||
		    *text == '\t');
		assert(len < 998);
		if (*text != '\n')
			continue;
		assert(text[1] == '\t');
		len = 0;
	}
}

static void
write_and_read(struct pst_arena *arena, struct pst_str id, const char *known)
{
	struct pst_authres ar;
	const char *again;

	pst_authres_begin(&ar, arena, id);
	pst_authres_method(&ar, "dkim", "fail", NULL, "fuzz");
	pst_authres_prop(&ar, "header", "d", id);
	pst_authres_prop(&ar, "header", "s", id);
	const char *text = pst_authres_end(&ar);
	if (text == NULL)
		return;
	check_lines(text);
	if (known == NULL)
		return;
	enum pst_authres_id answer =
	    pst_authres_read_id(arena, pst_str(text), &again);
	assert(answer == PST_AUTHRES_ID_OK && strcmp(again, known) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const void *octets = data;
	const struct pst_str raw = {octets, size};
	struct pst_arena *arena = pst_arena_new();
	const char *id;

	enum pst_authres_id answer = pst_authres_read_id(arena, raw, &id);
	assert((answer == PST_AUTHRES_ID_MALFORMED) == (id == NULL));
	write_and_read(arena, raw, NULL);
	if (id != NULL) {
		assert(pst_str_is_printable(pst_str(id)));
		write_and_read(arena, pst_str(id), id);
	}
	pst_arena_free(arena);
	return 0;
}
