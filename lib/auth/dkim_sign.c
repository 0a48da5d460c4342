/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim_sign.h"

#include <opendkim/dkim.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/secret.h"

/* libopendkim writes a few zeros past the end of some blocks (auth/dkim.c). */
#define PADDING 64
#define MAX_KEY 65536

#define FIELD_NAME "DKIM-Signature: "

struct pst_dkim_signer {
	DKIM_LIB *library;
	const char *domain, *selector;
	char key[MAX_KEY]; /* PEM */
};

/*
 * libopendkim leaks some blocks of a handle if it cannot read the key. So all
 * blocks of a handle are in a list, which is the handle's closure, and what is
 * left when the handle is freed can be freed too. The library's own blocks have
 * no closure.
 */
struct block {
	struct block *next, **link;
	_Alignas(max_align_t) unsigned char octets[];
};

static void *
allocate(void *closure, size_t size)
{
	struct block *block = calloc(1, sizeof(*block) + size + PADDING);
	struct block **list = closure;

	if (block == NULL)
		abort();
	if (list == NULL)
		return block->octets;
	block->next = *list;
	block->link = list;
	if (*list != NULL)
		(*list)->link = &block->next;
	*list = block;
	return block->octets;
}

static void
release(void *closure, void *octets)
{
	struct block *block;

	(void)closure;
	if (octets == NULL)
		return;
	block = (struct block *)((unsigned char *)octets -
	    offsetof(struct block, octets));
	if (block->link != NULL)
		*block->link = block->next;
	if (block->next != NULL)
		block->next->link = block->link;
	free(block);
}

/* ---- the library ---- */

static unsigned char *
octets(const char *text)
{
	/* libopendkim only reads the octets, but its prototypes lack const */
	union {
		const char *text;
		unsigned char *octets;
	} both = {text};

	return both.octets;
}

static bool
set_options(DKIM_LIB *library)
{
	/* The default list lacks the fields that say how to read the body. */
	static const char *names[] = {"from", "to", "subject", "date",
	    "message-id", "mime-version", "content-type", "auto-submitted",
	    NULL};
	unsigned flags = 0;

	return dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags,
		   sizeof(flags)) == DKIM_STAT_OK &&
	    dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_SIGNHDRS,
		(void *)names, sizeof(unsigned char **)) == DKIM_STAT_OK;
}

struct pst_dkim_signer *
pst_dkim_signer_new(const char *key_file, const char *domain,
    const char *selector, struct pst_err *err)
{
	static const char trial[] = "From: <trial@example.net>\r\n\r\n\r\n";
	struct pst_dkim_signer *signer = calloc(1, sizeof(*signer));
	struct pst_arena *arena = pst_arena_new();
	struct pst_err why;
	bool ok = false;

	if (signer == NULL)
		abort();
	signer->domain = domain;
	signer->selector = selector;
	signer->library = dkim_init(allocate, release);
	if (signer->library == NULL || !set_options(signer->library))
		pst_err_set(err,
		    "libopendkim rejects the options that Postern sets; "
		    "install version 2.11 or later");
	else if (pst_secret_read(key_file, "private key", signer->key,
		     sizeof(signer->key), err))
		ok = pst_dkim_sign(signer, arena, pst_str(trial), 0, &why) !=
			NULL ||
		    pst_err_set(err,
			"%s is not an RSA key in PEM form that can sign; "
			"make one with \"openssl genrsa 2048\"",
			key_file);
	pst_arena_free(arena);
	if (ok)
		return signer;
	pst_dkim_signer_free(signer);
	return NULL;
}

void
pst_dkim_signer_free(struct pst_dkim_signer *signer)
{
	if (signer == NULL)
		return;
	if (signer->library != NULL)
		dkim_close(signer->library);
	explicit_bzero(signer->key, sizeof(signer->key));
	free(signer);
}

/* ---- one message ---- */

/*
 * Takes one field off *header, with its folds and without its last CRLF. At the
 * end of the header it takes the empty line and returns an empty string.
 */
static struct pst_str
next_field(struct pst_str *header)
{
	size_t end = 0;
	struct pst_str field;

	if (pst_str_starts(*header, PST_STR("\r\n"))) {
		*header = pst_str_from(*header, 2);
		return PST_STR("");
	}
	do
		end += pst_str_find(pst_str_from(*header, end), '\n') + 1;
	while (end < header->len && pst_is_wsp(header->ptr[end]));
	field = pst_str_first(*header, end);
	*header = pst_str_from(*header, field.len);
	while (field.len > 0 &&
	    (field.ptr[field.len - 1] == '\n' ||
		field.ptr[field.len - 1] == '\r'))
		field.len--;
	return field;
}

static bool
feed(DKIM *handle, struct pst_str message)
{
	struct pst_str field;

	while ((field = next_field(&message)).len > 0)
		if (dkim_header(handle, octets(field.ptr), field.len) !=
		    DKIM_STAT_OK)
			return false;
	if (dkim_eoh(handle) != DKIM_STAT_OK)
		return false;
	if (message.len > 0 &&
	    dkim_body(handle, octets(message.ptr), message.len) != DKIM_STAT_OK)
		return false;
	return dkim_eom(handle, NULL) == DKIM_STAT_OK;
}

static const char *
field_of(DKIM *handle, struct pst_arena *arena)
{
	union {
		unsigned char *octets;
		char *text;
	} value;
	size_t len = 0;

	if (dkim_getsighdr_d(handle, sizeof(FIELD_NAME) - 1, &value.octets,
		&len) != DKIM_STAT_OK)
		return NULL;
	return pst_arena_printf(
	    arena, FIELD_NAME "%.*s\r\n", (int)len, value.text);
}

const char *
pst_dkim_sign(struct pst_dkim_signer *signer, struct pst_arena *arena,
    struct pst_str message, int64_t now_s, struct pst_err *err)
{
	uint64_t date = now_s < 0 ? 0 : (uint64_t)now_s;
	const char *field = NULL;
	struct block *blocks = NULL;
	DKIM_STAT status;
	DKIM *handle;

	(void)dkim_options(signer->library, DKIM_OP_SETOPT, DKIM_OPTS_FIXEDTIME,
	    &date, sizeof(date));
	handle = dkim_sign(signer->library, octets("-"), &blocks,
	    octets(signer->key), octets(signer->selector),
	    octets(signer->domain), DKIM_CANON_RELAXED, DKIM_CANON_RELAXED,
	    DKIM_SIGN_RSASHA256, -1, &status);
	if (handle != NULL && feed(handle, message))
		field = field_of(handle, arena);
	if (field == NULL)
		pst_err_set(err,
		    "libopendkim cannot sign (%s); check "
		    "reports.dkim-key and reports.dkim-selector",
		    handle == NULL ? "no handle" : dkim_getresultstr(status));
	if (handle != NULL)
		(void)dkim_free(handle);
	while (blocks != NULL)
		release(NULL, blocks->octets);
	return field;
}
