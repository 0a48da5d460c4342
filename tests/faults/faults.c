/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Faults inside libopendkim and libspf2, for tests/run-crash, which preloads
 * this object into posternd. No program links it, so the product cannot be
 * brought to do any of this.
 *
 * A message chooses its fault by a header field "X-Fault: NAME" or by the
 * client's address. FAULTS=no-padding in the environment takes the padding away
 * that libopendkim's blocks are given (auth/dkim_library).
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <time.h>
#include <unistd.h>

#include <opendkim/dkim.h>
#include <spf2/spf.h>

#define WAIT_MS 300

static DKIM *_Atomic at_end, *_Atomic at_free;

static void *
next(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (function == NULL)
		abort();
	return function;
}

/* dlsym() returns an object pointer; ISO C has no cast for that. */
#define NEXT(type, variable, name)                                             \
	union {                                                                \
		void *object;                                                  \
		type function;                                                 \
	} variable = {next(name)}

static void
touch_nothing(void)
{
	volatile int *volatile nowhere = NULL;

	*nowhere = 1;
}

/* It would end only long after the stack did. */
static size_t
overflow_stack(volatile char *above, size_t size)
{
	volatile char block[4096];

	if (size == SIZE_MAX)
		return 0;
	block[size % sizeof(block)] = above == NULL ? 0 : *above;
	return 1 + overflow_stack(block, size + 1) +
	    (size_t)(unsigned char)block[0];
}

static void
wait_a_while(void)
{
	struct timespec t = {0, WAIT_MS * 1000000L};

	(void)nanosleep(&t, NULL);
}

static bool
is_fault(const char *field, size_t len, const char *name)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "X-Fault: %s", name);

	return len == (size_t)n && memcmp(field, text, len) == 0;
}

/* ---- libopendkim ---- */

typedef DKIM_LIB *
init_function(void *(*)(void *, size_t), void (*)(void *, void *));

DKIM_LIB *
dkim_init(void *(*allocate)(void *, size_t), void (*release)(void *, void *))
{
	const char *faults = getenv("FAULTS");
	NEXT(init_function *, real, "dkim_init");

	if (faults != NULL && strcmp(faults, "no-padding") == 0)
		return real.function(NULL, NULL);
	return real.function(allocate, release);
}

/*
 * Signatures over DKIM-Signature fields never reach libopendkim
 * (auth/dkim_own), so the test hides the name in h= from that guard.
 */
static void
reveal(unsigned char *field, size_t len)
{
	static const char hidden[] = "hidden-dkimsig";
	static const char name[] = "dkim-signature";

	for (size_t i = 0; i + sizeof(hidden) - 1 <= len; i++) {
		if (memcmp(field + i, hidden, sizeof(hidden) - 1) == 0)
			memcpy(field + i, name, sizeof(name) - 1);
	}
}

typedef DKIM_STAT header_function(DKIM *, u_char *, size_t);

DKIM_STAT
dkim_header(DKIM *dkim, u_char *field, size_t len)
{
	union {
		unsigned char *octets;
		char *text;
	} at = {field};
	NEXT(header_function *, real, "dkim_header");

	if (is_fault(at.text, len, "segv"))
		touch_nothing();
	if (is_fault(at.text, len, "abort"))
		abort();
	if (is_fault(at.text, len, "trap"))
		__builtin_trap();
	if (is_fault(at.text, len, "stack"))
		(void)overflow_stack(NULL, len);
	if (is_fault(at.text, len, "wait"))
		wait_a_while();
	if (is_fault(at.text, len, "end"))
		at_end = dkim;
	if (is_fault(at.text, len, "free"))
		at_free = dkim;
	reveal(field, len);
	return real.function(dkim, field, len);
}

typedef DKIM_STAT eom_function(DKIM *, _Bool *);

DKIM_STAT
dkim_eom(DKIM *dkim, _Bool *test_key)
{
	NEXT(eom_function *, real, "dkim_eom");

	if (dkim == at_end)
		touch_nothing();
	return real.function(dkim, test_key);
}

typedef DKIM_STAT free_function(DKIM *);

DKIM_STAT
dkim_free(DKIM *dkim)
{
	NEXT(free_function *, real, "dkim_free");

	if (dkim == at_free)
		touch_nothing();
	return real.function(dkim);
}

/* ---- libspf2 ---- */

/*
 * An explanation that writes past the end of libspf2's buffer before 1.2.10-8
 * of Debian (CVE-2023-42118). Postern never gives it a text from outside.
 */
static void
explain_too_much(SPF_request_t *request)
{
	char text[512] = "";
	SPF_response_t *response = NULL;

	for (size_t i = 0; i < 127; i++)
		memcpy(text + 4 * i, "%{d}", 5);
	text[508] = 'A';
	text[509] = '\0';
	(void)SPF_server_set_explanation(request->spf_server, text, &response);
	if (response != NULL)
		SPF_response_free(response);
}

typedef SPF_errcode_t ipv4_function(SPF_request_t *, struct in_addr);

SPF_errcode_t
SPF_request_set_ipv4(SPF_request_t *request, struct in_addr address)
{
	const unsigned long host = ntohl(address.s_addr);
	NEXT(ipv4_function *, real, "SPF_request_set_ipv4");

	if (host >> 8 == 0xc63364 && (host & 0xff) == 66) /* 198.51.100.66 */
		touch_nothing();
	if (host >> 8 == 0xc63364 && (host & 0xff) == 67)
		explain_too_much(request);
	return real.function(request, address);
}
