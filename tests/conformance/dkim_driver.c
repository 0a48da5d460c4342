/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Runs messages through pst_dkim_*():
 *
 *	dkim_driver ZONE NOW CHUNK <MESSAGE
 *	dkim_driver ZONE NOW CHUNK frames <MESSAGES
 *
 * ZONE is a zone file with the keys, NOW the time in seconds since 1970, CHUNK
 * the size of the body's pieces in octets (0: all at once). The message has
 * CRLF line ends. The output has a line "result domain selector bits reason"
 * for each signature, with tabs between the words, and then "= result". Frames
 * are many messages, each after its length in decimal digits and LF.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/dkim.h"
#include "base/buf.h"
#include "dns/zone.h"

#define MAX_MESSAGE ((size_t)64 << 20)

static struct pst_str
read_all(struct pst_arena *arena, FILE *file)
{
	struct pst_buf buf;
	char piece[65536];
	size_t len;

	pst_buf_init(&buf, arena, MAX_MESSAGE);
	while ((len = fread(piece, 1, sizeof(piece), file)) > 0)
		pst_buf_add(&buf, (struct pst_str){piece, len});
	if (pst_buf_overflowed(&buf)) {
		(void)fprintf(stderr, "dkim_driver: message is too long\n");
		exit(2);
	}
	return pst_buf_slice(&buf);
}

/* Reads the next of many messages. Returns false at the end of the file. */
static bool
read_frame(struct pst_arena *arena, FILE *file, struct pst_str *out)
{
	char line[32];
	struct pst_str digits;
	uint64_t len;
	char *text;

	if (fgets(line, sizeof(line), file) == NULL)
		return false;
	digits = pst_str(line);
	digits.len -= digits.len > 0;
	if (!pst_str_to_u64(digits, MAX_MESSAGE, &len)) {
		(void)fprintf(stderr, "dkim_driver: not a length: %s\n", line);
		exit(2);
	}
	text = pst_arena_alloc(arena, (size_t)len + 1);
	if (fread(text, 1, (size_t)len, file) != (size_t)len) {
		(void)fprintf(stderr, "dkim_driver: a frame is cut off\n");
		exit(2);
	}
	*out = (struct pst_str){text, (size_t)len};
	return true;
}

/* Removes a line from *rest, and returns it without its CRLF. */
static struct pst_str
take_line(struct pst_str *rest)
{
	size_t end = pst_str_find(*rest, '\n');
	struct pst_str line = pst_str_first(*rest, end);

	*rest = pst_str_from(*rest, end + 1);
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool
is_folded(struct pst_str rest)
{
	return rest.len > 0 && pst_is_wsp(rest.ptr[0]);
}

/* Reads the header as libmilter would pass it; *rest becomes the body. */
static void
read_header(
    struct pst_arena *arena, struct pst_str *rest, struct pst_header *header)
{
	struct pst_buf value;

	pst_buf_init(&value, arena, MAX_MESSAGE);
	while (rest->len > 0) {
		struct pst_str line = take_line(rest);
		size_t colon = pst_str_find(line, ':');

		if (line.len == 0)
			return;
		pst_buf_reset(&value);
		pst_buf_add(&value, pst_str_from(line, colon + 1));
		while (is_folded(*rest)) {
			pst_buf_add_char(&value, '\n');
			pst_buf_add(&value, take_line(rest));
		}
		(void)pst_header_add(header,
		    pst_str_trim(pst_str_first(line, colon)),
		    pst_buf_slice(&value));
	}
}

static void
feed_body(struct pst_dkim_msg *msg, struct pst_str body, size_t chunk)
{
	while (body.len > 0) {
		struct pst_str piece =
		    pst_str_first(body, chunk == 0 ? body.len : chunk);

		if (!pst_dkim_body(msg, piece.ptr, piece.len))
			return;
		body = pst_str_from(body, piece.len);
	}
}

static void
finish(struct pst_world *world, struct pst_dkim_msg *msg, struct pst_dkim *out)
{
	for (int i = 0; i < 100; i++) {
		if (pst_dkim_check(world, msg, out))
			return;
		if (!pst_dns_wait(world->dns, INT64_MAX))
			pst_dns_expire(world->dns, PST_DNS_TIMEOUT);
	}
	(void)fprintf(stderr, "dkim_driver: the check does not end\n");
	exit(2);
}

static const char *
or_dash(const char *text)
{
	return text == NULL ? "-" : text;
}

static void
print_results(const struct pst_dkim *dkim)
{
	for (size_t i = 0; i < dkim->count; i++) {
		const struct pst_dkim_sig *sig = &dkim->sigs[i];

		(void)printf("%s\t%s\t%s\t%u\t%s\n",
		    pst_result_word(sig->result), or_dash(sig->domain),
		    or_dash(sig->selector), sig->bits, or_dash(sig->reason));
	}
	(void)printf("= %s\n", pst_result_word(dkim->result));
}

static const struct pst_dkim_config config = {.max_verified = 10,
    .max_parsed = 50,
    .min_key_bits = 1024,
    .clock_skew_s = 300,
    .accept_test_keys = true};

struct driver {
	struct pst_resolver *zone;
	struct pst_dkim_lib *lib;
	int64_t now;
	size_t chunk;
};

static void
run(struct pst_arena *arena, const struct driver *driver, struct pst_str rest)
{
	struct pst_header_limits limits = {1000, 65536, 524288};
	struct pst_dns_limits dns_limits = {150, 5000, 16384, 0};
	struct pst_clock clock = pst_clock_manual(driver->now);
	struct pst_world world = {.arena = arena,
	    .dns = pst_dns_open(arena, driver->zone, &clock, dns_limits),
	    .now_epoch = driver->now};
	struct pst_header header;
	struct pst_dkim_msg *msg;
	struct pst_dkim result;

	pst_header_init(&header, arena, limits);
	read_header(arena, &rest, &header);
	msg = pst_dkim_begin(
	    &world, driver->lib, &config, &header, NULL, NULL, NULL);
	feed_body(msg, rest, driver->chunk);
	finish(&world, msg, &result);
	print_results(&result);
}

static void
run_all(const struct driver *driver, bool frames)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_str message;

	if (!frames)
		run(arena, driver, read_all(arena, stdin));
	while (frames && read_frame(arena, stdin, &message)) {
		run(arena, driver, message);
		pst_arena_free(arena);
		arena = pst_arena_new();
	}
	pst_arena_free(arena);
}

int
main(int argc, char **argv)
{
	struct driver driver = {0};
	struct pst_err err;
	uint64_t now, chunk;
	bool frames = argc == 5 && strcmp(argv[4], "frames") == 0;

	if (argc != (frames ? 5 : 4) ||
	    !pst_str_to_u64(pst_str(argv[2]), INT64_MAX, &now) ||
	    !pst_str_to_u64(pst_str(argv[3]), SIZE_MAX, &chunk)) {
		(void)fprintf(stderr,
		    "usage: dkim_driver ZONE NOW CHUNK [frames] <MESSAGES\n");
		return 2;
	}
	driver.now = (int64_t)now;
	driver.chunk = (size_t)chunk;
	driver.zone = pst_zone_load(argv[1], &err);
	if (driver.zone != NULL)
		driver.lib = pst_dkim_lib_new(&config, &err);
	if (driver.lib == NULL) {
		(void)fprintf(stderr, "dkim_driver: %s\n", err.text);
		pst_resolver_free(driver.zone);
		return 2;
	}
	run_all(&driver, frames);
	pst_dkim_lib_free(driver.lib);
	pst_resolver_free(driver.zone);
	return 0;
}
