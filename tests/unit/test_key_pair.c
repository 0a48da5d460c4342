/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/dkim_key.h"
#include "base/macros.h"
#include "survey/key_pair.h"
#include "tests/unit/rows.h"

struct place {
	struct pst_arena *arena;
	char dir[64];
	const char *path;
};

static int
setup_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->arena = pst_arena_new();
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/key_pair.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->path = pst_arena_printf(p->arena, "%s/key.pem", p->dir);
	*state = p;
	return 0;
}

static int
teardown_place(void **state)
{
	struct place *p = *state;

	(void)unlink(p->path);
	assert_int_equal(rmdir(p->dir), 0);
	pst_arena_free(p->arena);
	free(p);
	return 0;
}

static void
write_text(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static const char *
read_text(struct pst_arena *arena, const char *path)
{
	char *text = pst_arena_alloc(arena, 10000);
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	text[fread(text, 1, 9999, file)] = '\0';
	fclose(file);
	return text;
}

/* A key that was made is one that receivers read, and can be read again. */
static void
test_round(void **state)
{
	static const struct {
		const char *label;
		enum pst_key_type type;
		unsigned bits;
		enum pst_dkim_algorithm algorithm;
		const char *k;
		unsigned want_bits;
	} rows[] = {
	    {"RSA", PST_KEY_RSA, 0, PST_DKIM_RSA_SHA256, "rsa", 2048},
	    {"RSA 2056", PST_KEY_RSA, 2056, PST_DKIM_RSA_SHA256, "rsa", 2056},
	    {"Ed25519", PST_KEY_ED25519, 0, PST_DKIM_ED25519_SHA256, "ed25519",
		256},
	};
	struct place *p = *state;

	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_key_pair made, again;
		struct pst_dkim_key key;
		struct pst_err err;
		struct stat st;
		mode_t old = umask(0);

		assert_true(pst_key_pair_make(
		    p->arena, rows[i].type, rows[i].bits, &made, &err));
		assert_true(pst_key_pair_write(&made, p->path, &err));
		umask(old);
		assert_int_equal(stat(p->path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		assert_true(pst_key_pair_read(p->arena, p->path, &again, &err));
		assert_int_equal(again.type, rows[i].type);
		assert_int_equal(again.bits, rows[i].want_bits);
		assert_string_equal(again.public_p, made.public_p);
		assert_string_equal(again.private_pem, made.private_pem);

		const char *text = pst_arena_printf(
		    p->arena, "k=%s; p=%s", rows[i].k, made.public_p);

		assert_true(pst_dkim_key_read(
		    p->arena, pst_str(text), rows[i].algorithm, 2048, &key));
		assert_int_equal(key.result, PST_RESULT_NONE);
		assert_int_equal(key.bits, rows[i].want_bits);
		assert_int_equal(unlink(p->path), 0);
	}
}

static void
test_sizes(void **state)
{
	static const unsigned bits[] = {1, 1024, 2040, 2049, 4104, 1000000};
	struct place *p = *state;

	FOR_ROWS(i, bits, rows_number(bits[i])) {
		struct pst_key_pair pair;
		struct pst_err err = {""};

		assert_false(pst_key_pair_make(
		    p->arena, PST_KEY_RSA, bits[i], &pair, &err));
		assert_non_null(strstr(err.text, "2048 to 4096"));
	}
}

/* A file that exists is never changed, whatever it is. */
static void
test_never_overwritten(void **state)
{
	static const char old[] = "something else\n";
	struct place *p = *state;
	struct pst_key_pair pair;
	struct pst_err err = {""};
	const char *link = pst_arena_printf(p->arena, "%s/link", p->dir);

	assert_true(
	    pst_key_pair_make(p->arena, PST_KEY_ED25519, 0, &pair, &err));
	write_text(p->path, old, sizeof(old) - 1);
	assert_false(pst_key_pair_write(&pair, p->path, &err));
	assert_non_null(strstr(err.text, "never overwritten"));
	assert_string_equal(read_text(p->arena, p->path), old);
	assert_int_equal(unlink(p->path), 0);
	/* not through a link that leads nowhere either */
	assert_int_equal(symlink(p->path, link), 0);
	assert_false(pst_key_pair_write(&pair, link, &err));
	assert_int_equal(access(p->path, F_OK), -1);
	assert_int_equal(unlink(link), 0);
	assert_false(pst_key_pair_write(
	    &pair, pst_arena_printf(p->arena, "%s/none/key", p->dir), &err));
	assert_non_null(strstr(err.text, "cannot be made"));
}

/* What is not one private key is refused (more in test_sign_key). */
static void
test_refused(void **state)
{
	struct place *p = *state;
	struct pst_key_pair made, pair;
	struct pst_err err;

	assert_true(
	    pst_key_pair_make(p->arena, PST_KEY_ED25519, 0, &made, &err));

	const char *key = made.private_pem;
	/* openssl ecparam -genkey -name prime256v1 | openssl pkcs8 -topk8 */
	const char *ec =
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvIOwZwNV7xf1Befr\n"
	    "5FsI08lIBp737sdXrdRy/A7Z/06hRANCAARRhyyuUaiSBbtwgT3Sdw7SE6JiJ244\n"
	    "G9x2lNnojK82W3Ymo4I+HCa7XrOz8SOL6TnxCC4+9+C6FEX0i05Rv9ws\n"
	    "-----END PRIVATE KEY-----\n";
	const struct {
		const char *label, *text, *why;
	} rows[] = {
	    {"empty", "", "holds no private key"},
	    {"text", "hello\n", "holds no private key"},
	    {"two keys", pst_arena_printf(p->arena, "%s%s", key, key),
		"leave only the private key"},
	    {"cut", pst_arena_printf(p->arena, "%.60s\n", key), "is cut off"},
	    {"not for DKIM", ec, "neither an RSA key nor"},
	};

	FOR_ROWS(i, rows, rows[i].label) {
		write_text(p->path, rows[i].text, strlen(rows[i].text));
		err.text[0] = '\0';
		assert_false(pst_key_pair_read(p->arena, p->path, &pair, &err));
		assert_non_null(strstr(err.text, rows[i].why));
	}
	write_text(p->path, key, strlen(key));
	assert_true(pst_key_pair_read(p->arena, p->path, &pair, &err));
	write_text(p->path, pst_arena_printf(p->arena, "%s%40000s", key, ""),
	    strlen(key) + 40000);
	assert_false(pst_key_pair_read(p->arena, p->path, &pair, &err));
	assert_non_null(strstr(err.text, "larger than"));
	assert_int_equal(unlink(p->path), 0);
	assert_false(pst_key_pair_read(p->arena, p->path, &pair, &err));
	assert_non_null(strstr(err.text, "cannot be opened"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_never_overwritten),
	    cmocka_unit_test(test_refused),
	};

	/* one directory for all; each test leaves it empty */
	return cmocka_run_group_tests(tests, setup_place, teardown_place);
}
