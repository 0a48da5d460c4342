/* SPDX-License-Identifier: BSD-2-Clause */
/* For struct ucred, which is not in POSIX. */
#define _GNU_SOURCE
#include "milter/peer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

/* Of groups that fit into that memory; the kernel bounds len. */
static bool
has_group(int fd, gid_t gid, gid_t *groups, socklen_t len)
{
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == -1)
		return false;
	for (size_t i = 0; i < len / sizeof(*groups); i++) {
		if (groups[i] == gid)
			return true;
	}
	return false;
}

static bool
is_in_group(int fd, gid_t gid)
{
	gid_t few[64];
	socklen_t len = sizeof(few);
	gid_t *groups;
	bool found;

	/* With too little room it only says how much is needed. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, few, &len) == 0)
		return has_group(fd, gid, few, sizeof(few));
	if (errno != ERANGE)
		return false;
	groups = malloc(len);
	if (groups == NULL)
		abort();
	found = has_group(fd, gid, groups, len);
	free(groups);
	return found;
}

enum pst_peer
pst_peer_of(int fd, long gid)
{
	gid_t group = gid == -1 ? getegid() : (gid_t)gid;
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
		return PST_PEER_STRANGER;
	if (peer.uid == 0 || peer.uid == geteuid())
		return PST_PEER_OWNER;
	if (peer.gid == group || is_in_group(fd, group))
		return PST_PEER_MEMBER;
	return PST_PEER_STRANGER;
}
