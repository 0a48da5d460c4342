/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage: sign [SECONDS]
 *
 * Prints the CPU time of a signature, in microseconds, for mail of several sizes:
 * by OpenSSL alone (the SHA-256 of the message and the RSA operation), by us, and
 * by libopendkim as others use it, which decodes the key for each message. Each
 * number is the least of several passes that take SECONDS (0.5) together. The keys
 * are read from below $srcdir.
 */

#include <opendkim/dkim.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/micro.h"
#include "bench/sign_mail.h"

#define PASSES 5
#define HASH_BYTES 32

struct bench {
	struct pst_arena *arena;
	struct sign_mail mail;
	EVP_PKEY_CTX *ctx; /* of the bare operation */
	DKIM_LIB *stock;
	const char *pem;
};

void
micro_must(int condition, const char *text)
{
	if (condition)
		return;
	(void)fprintf(stderr, "sign: this is false: %s\n", text);
	exit(1);
}

static double
cpu_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- what is timed ---- */

static void
bare(struct bench *bench, struct pst_arena *arena)
{
	unsigned char hash[HASH_BYTES], signature[512];
	size_t len = sizeof(signature);

	(void)arena;
	MICRO_MUST(EVP_Digest(bench->mail.whole.ptr, bench->mail.whole.len,
		       hash, NULL, EVP_sha256(), NULL) == 1);
	MICRO_MUST(EVP_PKEY_sign(
		       bench->ctx, signature, &len, hash, sizeof(hash)) == 1);
}

static void
rsa(struct bench *bench, struct pst_arena *arena)
{
	sign_mail_sign(&bench->mail, arena, 0, 1);
}

static void
ed25519(struct bench *bench, struct pst_arena *arena)
{
	sign_mail_sign(&bench->mail, arena, 1, 1);
}

static void
both(struct bench *bench, struct pst_arena *arena)
{
	sign_mail_sign(&bench->mail, arena, 0, 2);
}

static unsigned char *
octets_of(const void *ptr)
{
	union {
		const void *ptr;
		unsigned char *octets;
	} both = {ptr};

	return both.octets;
}

/* libopendkim with the key as text, and all fields. */
static void
stock(struct bench *bench, struct pst_arena *arena)
{
	struct pst_str body = bench->mail.body;
	struct pst_str rest =
	    pst_str_first(bench->mail.whole, bench->mail.whole.len - body.len);
	unsigned char *value;
	DKIM_STAT status;
	size_t len;
	DKIM *handle =
	    dkim_sign(bench->stock, octets_of("-"), NULL, octets_of(bench->pem),
		octets_of("s1"), octets_of("shop.example"), DKIM_CANON_RELAXED,
		DKIM_CANON_RELAXED, DKIM_SIGN_RSASHA256, -1, &status);

	(void)arena;
	MICRO_MUST(handle != NULL);
	while (rest.len > 2) {
		size_t end = 0;

		do
			end += pst_str_find(pst_str_from(rest, end), '\n') + 1;
		while (pst_is_wsp(rest.ptr[end]));
		MICRO_MUST(dkim_header(handle, octets_of(rest.ptr), end - 2) ==
		    DKIM_STAT_OK);
		rest = pst_str_from(rest, end);
	}
	MICRO_MUST(dkim_eoh(handle) == DKIM_STAT_OK);
	MICRO_MUST(
	    dkim_body(handle, octets_of(body.ptr), body.len) == DKIM_STAT_OK);
	MICRO_MUST(dkim_eom(handle, NULL) == DKIM_STAT_OK);
	MICRO_MUST(dkim_getsighdr_d(handle, 16, &value, &len) == DKIM_STAT_OK);
	(void)dkim_free(handle);
}

static const struct {
	const char *name;
	void (*sign)(struct bench *bench, struct pst_arena *arena);
} rows[] = {
    {"bare rsa-2048 and SHA-256", bare},
    {"rsa-2048", rsa},
    {"ed25519", ed25519},
    {"both", both},
    {"libopendkim alone, rsa-2048", stock},
};

/* ---- timing ---- */

/* Returns the microseconds of one call. */
static double
time_row(struct bench *bench, size_t row, double seconds)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_arena_mark empty = pst_arena_mark(arena);
	double least = 1e9;

	for (int pass = 0; pass < PASSES; pass++) {
		double begin = cpu_s(), now = begin;
		unsigned count = 0;

		do {
			rows[row].sign(bench, arena);
			pst_arena_rewind(arena, empty);
			count++;
			now = cpu_s();
		} while (now - begin < seconds / PASSES);
		if ((now - begin) / count < least)
			least = (now - begin) / count;
	}
	pst_arena_free(arena);
	return least * 1e6;
}

static void
run(size_t size, double seconds)
{
	struct bench bench = {.arena = pst_arena_new()};
	double base = 0;

	sign_mail_make(&bench.mail, bench.arena, size);
	bench.pem = sign_mail_pem(bench.arena);
	bench.stock = dkim_init(NULL, NULL);
	bench.ctx =
	    EVP_PKEY_CTX_new(pst_sign_key_pkey(bench.mail.by[0].key), NULL);
	MICRO_MUST(bench.stock != NULL && bench.ctx != NULL);
	MICRO_MUST(EVP_PKEY_sign_init(bench.ctx) == 1);
	MICRO_MUST(EVP_PKEY_CTX_set_signature_md(bench.ctx, EVP_sha256()) == 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double us = time_row(&bench, i, seconds);

		if (i == 0)
			base = us;
		printf("%10zu  %-28s %10.1f us  %5.2f x\n",
		    bench.mail.whole.len, rows[i].name, us, us / base);
	}
	EVP_PKEY_CTX_free(bench.ctx);
	dkim_close(bench.stock);
	sign_mail_end(&bench.mail);
	pst_arena_free(bench.arena);
}

int
main(int argc, char **argv)
{
	static const size_t sizes[] = {1024, 5120, 102400, 10485760};
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.5;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		run(sizes[i], seconds);
	return 0;
}
