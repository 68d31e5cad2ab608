/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words to the service manager: datagrams to $NOTIFY_SOCKET, as sd_notify(3) describes them. All
 * is quiet where no manager listens.
 */
#pragma once

#include "base/str.h"

struct notify {
	int fd;              /* -1: nobody listens */
	int64_t watchdog_ms; /* how often NOTIFY_ALIVE is due; 0: never */
};

/* Reads NOTIFY_SOCKET and WATCHDOG_USEC. */
void notify_init(struct notify *notify);
void notify_done(struct notify *notify);

#define NOTIFY_READY    "READY=1"
#define NOTIFY_STOPPING "STOPPING=1"
#define NOTIFY_ALIVE    "WATCHDOG=1"
void notify_say(const struct notify *notify, const char *state);
/* RELOADING=1 with the time that sd_notify(3) asks for; NOTIFY_READY ends it. */
void notify_reloading(const struct notify *notify, int64_t monotonic_ns);
