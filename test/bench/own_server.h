/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A server of a bench's own: the real pehra with a data folder of its own under $TMPDIR (else
 * /tmp), which fetches from nobody, on free ports of loopback. Its processes are measured from
 * /proc.
 *
 * Whatever goes wrong ends the bench with the reason: figures of a server that does not work are
 * worth nothing.
 */
#pragma once

#include "base/buf.h"
#include "base/json_read.h"
#include "channel/channel.h"

#include <sys/types.h>

struct own_server {
	char folder[256]; /* everything lies in it; removed by own_server_done() */
	char data[300];
	char dns[32]; /* 127.0.0.1:PORT */
	char http[32];
	uint16_t dns_port;
	uint16_t http_port;
	pid_t pid;
	struct channel control;
	struct json_reader *reader;
	struct buf answer;
	uint64_t next_id;
};

/* Makes the data folder and starts; returns when the server takes commands. */
void own_server_start(struct own_server *server);
/* Ends it and removes the folder; for CLEANUP. */
void own_server_done(struct own_server *server);

/* Runs `pehra VERB... --data FOLDER`, which must end with 0; what it printed is appended to out. */
void own_server_pehra(struct own_server *server, const char *const *words, struct buf *out);
/*
 * A command over the control socket, which must succeed: keeper/command.h has them. The result
 * lives until the next call.
 */
struct json_node own_server_command(
	struct own_server *server, const char *command, const char *arguments);
/* As own_server_command(), without waiting: the answer is passed over when it comes. */
void own_server_send(struct own_server *server, const char *command, const char *arguments);
/* A whole number of such a result; ends the bench when it is not there. */
uint64_t own_server_number(struct json_node result, const char *key);

/* The path of a file in the data folder, in server->answer. */
const char *own_server_path(struct own_server *server, const char *part);

/* The first process of a role ("keeper", "answer"). */
pid_t own_server_role(const struct own_server *server, const char *role);
/* CPU seconds of all its processes so far, those that have ended included. */
double own_server_cpu_s(const struct own_server *server);
/* The most memory that a process has had at once, MiB. */
double process_peak_mib(pid_t pid);
/* Its private memory but for mapped snapshots, MiB. */
double process_private_mib(pid_t pid);

double now_wall_s(void);
/* Of this process, and of its children that have ended. */
double now_cpu_s(void);
