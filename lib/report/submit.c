/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/submit.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/secret.h"

#define MAX_PASSWORD 1024
#define CONNECT_TIMEOUT_S 30L
/* RFC 5321 s. 4.5.3.2: ten minutes for the answer to the final dot. */
#define REPLY_TIMEOUT_S 600L
/* For one message; twice this is less than the lease (report/lease.h). */
#define MAIL_TIMEOUT_S 700L

/* The last command that went out. */
enum phase {
	PHASE_HELLO, /* everything before MAIL */
	PHASE_MAIL,
	PHASE_RCPT,
	PHASE_DATA,
};

struct pst_submitter {
	CURL *curl;
	struct curl_slist *rcpt;
	char error[CURL_ERROR_SIZE];
	/* of the current message */
	const struct pst_submit_mail *mail;
	size_t sent, size;
	bool handed; /* the hook was called */
	bool stopped;
	bool over; /* QUIT was sent: later replies do not count */
	enum phase phase;
	unsigned code; /* of the last reply; 0 until a command gets one */
	char reply[200];
};

/* ---- what libcurl calls ---- */

static size_t
copy_out(struct pst_submitter *submitter, char *out, size_t room)
{
	size_t at = submitter->sent, used = 0;

	for (size_t i = 0; i < 2 && used < room; i++) {
		struct pst_str piece = submitter->mail->pieces[i];
		struct pst_str part =
		    pst_str_first(pst_str_from(piece, at), room - used);

		at = at > piece.len ? at - piece.len : 0;
		if (part.len > 0)
			memcpy(out + used, part.ptr, part.len);
		used += part.len;
	}
	submitter->sent += used;
	return used;
}

static size_t
read_message(char *out, size_t size, size_t count, void *arg)
{
	struct pst_submitter *submitter = arg;
	size_t used = copy_out(submitter, out, size * count);

	if (submitter->sent == submitter->size && !submitter->handed) {
		if (!submitter->mail->hook(submitter->mail->arg)) {
			submitter->stopped = true;
			return CURL_READFUNC_ABORT;
		}
		submitter->handed = true;
	}
	return used;
}

static void
note_command(struct pst_submitter *submitter, struct pst_str line)
{
	static const struct {
		struct pst_str word;
		enum phase phase;
	} commands[] = {
	    {PST_STR_INIT("MAIL FROM"), PHASE_MAIL},
	    {PST_STR_INIT("RCPT TO"), PHASE_RCPT},
	    {PST_STR_INIT("DATA"), PHASE_DATA},
	};

	if (pst_str_istarts(line, PST_STR("QUIT")))
		submitter->over = true;
	if (submitter->over)
		return;
	submitter->code = 0;
	for (size_t i = 0; i < PST_COUNT(commands); i++)
		if (pst_str_istarts(line, commands[i].word))
			submitter->phase = commands[i].phase;
}

static void
note_reply(struct pst_submitter *submitter, struct pst_str line)
{
	uint64_t code;

	line = pst_str_trim(line);
	if (submitter->over ||
	    !pst_str_to_u64(pst_str_first(line, 3), 999, &code))
		return;
	submitter->code = (unsigned)code;
	(void)snprintf(submitter->reply, sizeof(submitter->reply), "%.*s",
	    PST_STR_ARG(line));
}

static int
watch(CURL *curl, curl_infotype type, char *ptr, size_t len, void *arg)
{
	(void)curl;
	if (type == CURLINFO_HEADER_OUT)
		note_command(arg, (struct pst_str){ptr, len});
	else if (type == CURLINFO_HEADER_IN)
		note_reply(arg, (struct pst_str){ptr, len});
	return 0;
}

static size_t
ignore(char *ptr, size_t size, size_t count, void *arg)
{
	(void)ptr;
	(void)arg;
	return size * count;
}

/* ---- set-up ---- */

static void
set_options(CURL *curl, struct pst_submitter *submitter,
    const struct pst_config *config)
{
	enum pst_relay_tls tls = config->reports.relay_tls;
	bool strict = tls == PST_RELAY_TLS_REQUIRED;

	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	/* Take nothing from the environment. */
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(curl, CURLOPT_URL, config->reports.relay);
	(void)curl_easy_setopt(curl, CURLOPT_USE_SSL,
	    tls == PST_RELAY_TLS_NO ? (long)CURLUSESSL_NONE :
		strict              ? (long)CURLUSESSL_ALL :
				      (long)CURLUSESSL_TRY);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, strict ? 1L : 0L);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, strict ? 2L : 0L);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	(void)curl_easy_setopt(
	    curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, REPLY_TIMEOUT_S);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, MAIL_TIMEOUT_S);
	(void)curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_message);
	(void)curl_easy_setopt(curl, CURLOPT_READDATA, submitter);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
	(void)curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, watch);
	(void)curl_easy_setopt(curl, CURLOPT_DEBUGDATA, submitter);
	(void)curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, submitter->error);
}

static bool
set_login(CURL *curl, const struct pst_config *config, struct pst_err *err)
{
	char password[MAX_PASSWORD];

	if (config->reports.relay_user[0] == '\0')
		return true;
	if (!pst_secret_read(config->reports.relay_password_file, "password",
		password, sizeof(password), err))
		return false;
	password[strcspn(password, "\r\n")] = '\0';
	(void)curl_easy_setopt(
	    curl, CURLOPT_USERNAME, config->reports.relay_user);
	(void)curl_easy_setopt(curl, CURLOPT_PASSWORD, password);
	explicit_bzero(password, sizeof(password));
	return true;
}

struct pst_submitter *
pst_submitter_new(const struct pst_config *config, struct pst_err *err)
{
	struct pst_submitter *submitter;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	submitter = calloc(1, sizeof(*submitter));
	if (submitter == NULL)
		abort();
	submitter->curl = curl_easy_init();
	if (submitter->curl == NULL)
		abort();
	set_options(submitter->curl, submitter, config);
	if (set_login(submitter->curl, config, err))
		return submitter;
	pst_submitter_free(submitter);
	return NULL;
}

void
pst_submitter_free(struct pst_submitter *submitter)
{
	if (submitter == NULL)
		return;
	curl_easy_cleanup(submitter->curl);
	curl_slist_free_all(submitter->rcpt);
	curl_global_cleanup();
	free(submitter);
}

/* ---- one message ---- */

/* Returns what a refusing reply means. */
static enum pst_submit_verdict
judge_refusal(const struct pst_submitter *submitter)
{
	bool permanent = submitter->code >= 500;

	if (submitter->phase == PHASE_HELLO)
		return PST_SUBMIT_NO_RELAY;
	/* It is about our own address, unless it is about the size (552). */
	if (submitter->phase == PHASE_MAIL && permanent &&
	    submitter->code != 552)
		return PST_SUBMIT_NO_RELAY;
	return permanent ? PST_SUBMIT_PERMANENT : PST_SUBMIT_TEMPORARY;
}

static enum pst_submit_verdict
judge(const struct pst_submitter *submitter, CURLcode status)
{
	if (status == CURLE_OK)
		return PST_SUBMIT_ACCEPTED;
	if (submitter->stopped)
		return PST_SUBMIT_STOPPED;
	if (submitter->code >= 400 && submitter->code < 600)
		return judge_refusal(submitter);
	if (submitter->handed)
		return PST_SUBMIT_UNCERTAIN;
	return submitter->phase == PHASE_HELLO ? PST_SUBMIT_NO_RELAY :
						 PST_SUBMIT_TEMPORARY;
}

static CURLcode
perform(struct pst_submitter *submitter, bool fresh)
{
	submitter->sent = 0;
	submitter->handed = false;
	submitter->stopped = false;
	submitter->over = false;
	submitter->phase = PHASE_HELLO;
	submitter->code = 0;
	submitter->reply[0] = '\0';
	submitter->error[0] = '\0';
	(void)curl_easy_setopt(
	    submitter->curl, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
	return curl_easy_perform(submitter->curl);
}

/* Returns whether the connection kept from the last message was closed. */
static bool
was_stale(const struct pst_submitter *submitter, CURLcode status)
{
	long connects = 0;

	(void)curl_easy_getinfo(
	    submitter->curl, CURLINFO_NUM_CONNECTS, &connects);
	return status != CURLE_OK && connects == 0 && !submitter->handed &&
	    !submitter->stopped &&
	    (submitter->code == 0 || submitter->code == 421);
}

static void
write_reply(const struct pst_submitter *submitter, CURLcode status,
    struct pst_submit_result *out)
{
	struct pst_arena *arena = pst_arena_new();
	const char *text = submitter->reply;

	if (status != CURLE_OK && submitter->code < 400)
		text = submitter->error[0] != '\0' ? submitter->error :
						     curl_easy_strerror(status);
	(void)snprintf(out->reply, sizeof(out->reply), "%s",
	    pst_escaped(arena, pst_str(text)));
	pst_arena_free(arena);
}

void
pst_submit(struct pst_submitter *submitter, const struct pst_submit_mail *mail,
    struct pst_submit_result *out)
{
	struct pst_arena *arena = pst_arena_new();
	CURL *curl = submitter->curl;
	CURLcode status;

	curl_slist_free_all(submitter->rcpt);
	submitter->rcpt =
	    curl_slist_append(NULL, pst_arena_printf(arena, "<%s>", mail->to));
	if (submitter->rcpt == NULL)
		abort();
	(void)curl_easy_setopt(curl, CURLOPT_MAIL_FROM,
	    pst_arena_printf(arena, "<%s>", mail->from));
	(void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, submitter->rcpt);
	pst_arena_free(arena);
	submitter->mail = mail;
	submitter->size = mail->pieces[0].len + mail->pieces[1].len;
	(void)curl_easy_setopt(
	    curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)submitter->size);
	status = perform(submitter, false);
	if (was_stale(submitter, status))
		status = perform(submitter, true);
	out->verdict = judge(submitter, status);
	write_reply(submitter, status, out);
}
