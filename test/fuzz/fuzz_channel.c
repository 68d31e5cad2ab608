/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames as a hostile peer may send them. The first byte chooses who talks to whom; the rest is
 * the stream, cut into parts whose lengths come from the stream itself.
 */
#include "channel/channel.h"

#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PART_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum process ends[][2] = {
		{ PROCESS_PARSE, PROCESS_KEEPER },
		{ PROCESS_FETCH, PROCESS_KEEPER },
		{ PROCESS_CONTROL, PROCESS_KEEPER },
		{ PROCESS_KEEPER, PROCESS_WEB },
		{ PROCESS_ANSWER, PROCESS_PARENT },
	};
	static const struct channel_limits limits = { 256, 1024, 4096 };
	CLEANUP(channel_done) struct channel peer = CHANNEL_CLOSED;
	CLEANUP(channel_done) struct channel self = CHANNEL_CLOSED;
	struct message message;
	enum err err = OK;
	struct why why;
	int fds[2];

	if (size == 0)
		return 0;
	must(channel_pair(fds, &why) == OK);

	const enum process *roles = ends[data[0] % ARRAY_LEN(ends)];

	channel_init(&peer, fds[0], roles[0], roles[1], &limits);
	channel_init(&self, fds[1], roles[1], roles[0], &limits);
	for (size_t at = 1; at < size && err == OK;) {
		size_t part = 1 + (size_t)data[at] * 16 % PART_MAX;

		if (part > size - at)
			part = size - at;
		must(send(peer.fd, data + at, part, 0) == (ssize_t)part);
		at += part;
		err = channel_read(&self, &why);
		if (err == OK)
			err = channel_write(&self, &why);
		while (channel_next(&self, &message)) {
			must(message_check((uint32_t)message.type, message.payload.n, false,
				     roles[0], roles[1], &why) == OK);
			message_done(&message);
		}
	}
	must(err == OK || err == ERR_SYNTAX);
	return 0;
}
