/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_PEER_H
#define PST_MILTER_PEER_H

/* The process at the other end of a unix socket, as the kernel describes it. */

enum pst_peer {
	PST_PEER_STRANGER, /* or it cannot be found out */
	PST_PEER_MEMBER,   /* a member of the daemon's group */
	PST_PEER_OWNER,    /* root or the daemon's own user */
};

/*
 * Judges a connected socket by the user, the group and the supplementary groups
 * that its peer had when it connected. gid is the daemon's group; -1: the group
 * of this process.
 */
enum pst_peer pst_peer_of(int fd, long gid);

#endif
