/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer role of a server (proc/role.h), and what it inherits. */
#pragma once

#include "proc/child.h"

#define ANSWER_UDP_NAME   "dns_udp"   /* sockets, one per worker and address */
#define ANSWER_TCP_NAME   "dns_tcp"   /* listening sockets, one per address */
#define ANSWER_STATS_NAME "dns_stats" /* answer_stats_bytes() of shared memory */

int answer_role(struct child *child);
