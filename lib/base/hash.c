/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hash.h"

#include <pthread.h>
#include <sys/random.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t secret;

/* Early after a boot there may be no random octets; then it is zero. */
static void
draw(void)
{
	(void)!getrandom(&secret, sizeof(secret), GRND_NONBLOCK);
}

uint64_t
pst_hash_secret(void)
{
	(void)pthread_once(&once, draw);
	return secret;
}
