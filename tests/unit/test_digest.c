/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/digest.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

/* FIPS 180-2 appendix B, and the empty message. */
static void
test_sha256(void **state)
{
	static const struct {
		const char *text, *hex;
	} rows[] = {
	    {"",
		"e3b0c44298fc1c149afbf4c8996fb924"
		"27ae41e4649b934ca495991b7852b855"},
	    {"abc",
		"ba7816bf8f01cfea414140de5dae2223"
		"b00361a396177a9cb410ff61f20015ad"},
	};
	unsigned char digest[PST_DIGEST_BYTES];
	char hex[PST_DIGEST_HEX_SIZE];

	(void)state;
	FOR_ROWS(i, rows, rows[i].text) {
		pst_digest_sha256(rows[i].text, strlen(rows[i].text), digest);
		assert_string_equal(pst_digest_hex(digest, hex), rows[i].hex);
	}
}

/* RFC 4231 s. 4.3. */
static void
test_hmac(void **state)
{
	unsigned char digest[PST_DIGEST_BYTES];
	char hex[PST_DIGEST_HEX_SIZE];

	(void)state;
	pst_digest_hmac(
	    PST_STR("Jefe"), PST_STR("what do ya want for nothing?"), digest);
	assert_string_equal(pst_digest_hex(digest, hex),
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843");
	pst_digest_hmac(PST_STR(""), PST_STR(""), digest);
	assert_string_equal(pst_digest_hex(digest, hex),
	    "b613679a0814d9ec772f95d778c35fc5"
	    "ff1697c493715653c6c712144292c5ad");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sha256),
	    cmocka_unit_test(test_hmac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
