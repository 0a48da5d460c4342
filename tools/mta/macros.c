/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/mta/macros.h"

#include <assert.h>

#include "base/macros.h"

#define MAX_MACROS_BYTES 65000

static const char *const defaults[MILTER_PLACES] = {
    [MILTER_AT_CONNECT] = "j {daemon_name} {daemon_addr} v _",
    [MILTER_AT_HELO] = "",
    [MILTER_AT_MAIL] = "{mail_addr} {mail_host} {mail_mailer}",
    [MILTER_AT_RCPT] = "{rcpt_addr} {rcpt_host} {rcpt_mailer}",
    [MILTER_AT_DATA] = "i",
    [MILTER_AT_EOH] = "i",
    [MILTER_AT_END] = "i",
};

void
pst_mta_macros_default(struct pst_mta_requests *requests)
{
	for (size_t i = 0; i < MILTER_PLACES; i++)
		requests->names[i] = defaults[i];
}

static const char *
own_host(struct pst_arena *arena, const struct pst_mta_mail *mail)
{
	(void)arena;
	return mail->host;
}

static const char *
version(struct pst_arena *arena, const struct pst_mta_mail *mail)
{
	(void)arena;
	(void)mail;
	return "postern send";
}

static const char *
loopback(struct pst_arena *arena, const struct pst_mta_mail *mail)
{
	(void)arena;
	(void)mail;
	return "127.0.0.1";
}

static const char *
queue_id(struct pst_arena *arena, const struct pst_mta_mail *mail)
{
	(void)arena;
	return mail->queue_id;
}

static const char *
client_name(struct pst_arena *arena, const struct pst_mta_mail *mail)
{
	(void)arena;
	return mail->client_name[0] == '\0' ? "unknown" : mail->client_name;
}

static const char *
client_addr(struct pst_arena *arena, const struct pst_mta_mail *mail)
{
	char text[PST_IP_TEXT_SIZE];

	return pst_arena_strdup(arena, pst_ip_text(&mail->client, text));
}

static const char *
client_both(struct pst_arena *arena, const struct pst_mta_mail *mail)
{
	return pst_arena_printf(arena, "%s [%s]", client_name(arena, mail),
	    client_addr(arena, mail));
}

static const char *
client_resolve(struct pst_arena *arena, const struct pst_mta_mail *mail)
{
	(void)arena;
	return mail->client_name[0] == '\0' ? "FAIL" : "OK";
}

/* Returns the address without brackets, in lower case, as Postfix does. */
static const char *
bare_address(struct pst_arena *arena, const char *path)
{
	struct pst_str text = pst_str(path);

	if (text.len >= 2 && text.ptr[0] == '<' &&
	    text.ptr[text.len - 1] == '>')
		text = pst_str_from(pst_str_first(text, text.len - 1), 1);
	char *address = pst_arena_memdup(arena, text.ptr, text.len);
	for (size_t i = 0; i < text.len; i++)
		address[i] = pst_lower(address[i]);
	return address;
}

static const char *
address_host(
    struct pst_arena *arena, const char *path, const struct pst_mta_mail *mail)
{
	struct pst_str address = pst_str(bare_address(arena, path));
	size_t at = pst_str_rfind(address, '@');

	if (at == address.len)
		return mail->host;
	return pst_arena_memdup(
	    arena, address.ptr + at + 1, address.len - at - 1);
}

static const char *
mail_addr(struct pst_arena *arena, const struct pst_mta_mail *mail)
{
	return bare_address(arena, mail->mail_from);
}

static const char *
mail_host(struct pst_arena *arena, const struct pst_mta_mail *mail)
{
	return address_host(arena, mail->mail_from, mail);
}

static const char *
rcpt_addr(struct pst_arena *arena, const struct pst_mta_mail *mail)
{
	return bare_address(arena, mail->rcpt);
}

static const char *
rcpt_host(struct pst_arena *arena, const struct pst_mta_mail *mail)
{
	return address_host(arena, mail->rcpt, mail);
}

static const char *
mailer(struct pst_arena *arena, const struct pst_mta_mail *mail)
{
	(void)arena;
	(void)mail;
	return "smtp";
}

static const struct {
	const char *name;       /* without braces */
	enum milter_place from; /* known from this place on */
	const char *(*value)(
	    struct pst_arena *arena, const struct pst_mta_mail *mail);
} macros[] = {
    {"j", MILTER_AT_CONNECT, own_host},
    {"v", MILTER_AT_CONNECT, version},
    {"_", MILTER_AT_CONNECT, client_both},
    {"daemon_name", MILTER_AT_CONNECT, own_host},
    {"daemon_addr", MILTER_AT_CONNECT, loopback},
    {"client_addr", MILTER_AT_CONNECT, client_addr},
    {"client_name", MILTER_AT_CONNECT, client_name},
    {"client_ptr", MILTER_AT_CONNECT, client_name},
    {"client_resolve", MILTER_AT_CONNECT, client_resolve},
    {"mail_addr", MILTER_AT_MAIL, mail_addr},
    {"mail_host", MILTER_AT_MAIL, mail_host},
    {"mail_mailer", MILTER_AT_MAIL, mailer},
    {"rcpt_addr", MILTER_AT_RCPT, rcpt_addr},
    {"rcpt_host", MILTER_AT_RCPT, rcpt_host},
    {"rcpt_mailer", MILTER_AT_RCPT, mailer},
    {"i", MILTER_AT_DATA, queue_id},
};

/* Name and value; the literal's own NUL ends the value. */
static const char test_mark[] = MILTER_TEST_MACRO "\0" MILTER_TEST_VALUE;

static void
add_macro(struct pst_buf *buf, struct pst_str wish, enum milter_place place,
    const struct pst_mta_mail *mail)
{
	struct pst_str name = wish;

	if (name.len >= 2 && name.ptr[0] == '{' &&
	    name.ptr[name.len - 1] == '}')
		name = pst_str_from(pst_str_first(name, name.len - 1), 1);
	for (size_t i = 0; i < PST_COUNT(macros); i++) {
		if (!pst_str_eq(name, pst_str(macros[i].name)) ||
		    macros[i].from > place)
			continue;
		/* A name of one letter is sent bare, a longer one in braces. */
		pst_buf_printf(
		    buf, name.len == 1 ? "%s" : "{%s}", macros[i].name);
		pst_buf_add_char(buf, '\0');
		pst_buf_add_text(buf, macros[i].value(buf->arena, mail));
		pst_buf_add_char(buf, '\0');
		return;
	}
}

struct pst_str
pst_mta_macros_make(struct pst_arena *arena,
    const struct pst_mta_requests *requests, enum milter_place place,
    const struct pst_mta_mail *mail)
{
	struct pst_str rest = pst_str(requests->names[place]);
	struct pst_str wish;
	bool more = true;
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_MACROS_BYTES);
	while (pst_str_split(&rest, ' ', &wish, &more))
		if (wish.len > 0)
			add_macro(&buf, wish, place, mail);
	if (mail->is_test && place == MILTER_AT_CONNECT)
		pst_buf_add(
		    &buf, (struct pst_str){test_mark, sizeof(test_mark)});
	return pst_buf_slice(&buf);
}
