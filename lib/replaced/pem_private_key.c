/* SPDX-License-Identifier: BSD-2-Clause */
#include "replaced/pem_private_key.h"

#include <assert.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stddef.h>

#include "replaced/next.h"

static struct pst_next openssl = {.name = "PEM_read_bio_PrivateKey"};
static _Thread_local EVP_PKEY *given; /* NULL: the bracket is not open */
static _Atomic uint64_t use_count;

EVP_PKEY *
PEM_read_bio_PrivateKey(
    BIO *bio, EVP_PKEY **out, pem_password_cb *ask, void *arg)
{
	if (given != NULL && out == NULL && bio != NULL &&
	    BIO_method_type(bio) == BIO_TYPE_MEM &&
	    EVP_PKEY_up_ref(given) == 1) {
		use_count++;
		return given;
	}
	return ((EVP_PKEY * (*)(BIO *, EVP_PKEY **, pem_password_cb *, void *))
		pst_next(&openssl))(bio, out, ask, arg);
}

void
pst_private_key_enter(struct evp_pkey_st *key)
{
	assert(given == NULL && key != NULL);
	given = key;
}

void
pst_private_key_leave(void)
{
	assert(given != NULL);
	given = NULL;
}

uint64_t
pst_private_key_uses(void)
{
	return use_count;
}
