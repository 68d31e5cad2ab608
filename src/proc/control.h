/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control socket FOLDER/run/control.sock: how the command line reaches a running server. The
 * parent opens it, keeper inherits it as "control" and accepts; the kernel says who calls.
 */
#pragma once

#include "channel/channel.h"

#include <sys/types.h>

struct control_caller {
	uid_t uid;
	gid_t gid;
	pid_t pid;
};

enum { CONTROL_MODE = 0660 };
#define CONTROL_NAME   "control" /* of the inherited descriptor */
#define CONTROL_FOLDER "run"
#define CONTROL_SOCKET "control.sock"
#define CONTROL_FILE   CONTROL_FOLDER "/" CONTROL_SOCKET

/* Accepts one caller; ERR_NOT_FOUND when nobody waits (the socket is non-blocking). */
NODISCARD enum err control_accept(
	int listener, struct channel *out, struct control_caller *caller, struct why *why);

/* A command's way in: connects to the server of a data folder. ERR_NOT_FOUND: none runs. */
NODISCARD enum err control_connect(const char *data, struct channel *out, struct why *why);
