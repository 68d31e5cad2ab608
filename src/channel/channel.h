/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A channel carries framed messages between two roles over a stream socket of the Unix family. A
 * frame is {u32 payload length, u16 type, u16 flags, u64 id}, in the machine's byte order, then
 * the payload; at most one descriptor travels with it (SCM_RIGHTS).
 *
 * The peer is never trusted: a frame that message_check() refuses, or a descriptor where none was
 * announced, closes the channel with a reason. Memory is bounded: each direction holds at most
 * full_bytes and one more message.
 *
 * Back-pressure: a receiver that has more than xoff_bytes of messages waiting says XOFF, and XON
 * when at most xon_bytes are left; the sender sees it as channel_is_full(). A sender that does not
 * listen is no longer read from at full_bytes, and then feels the socket's own limit.
 *
 * A channel belongs to one thread. Its socket may be in blocking or non-blocking mode: no call
 * blocks but the two that say so. In a poll loop:
 *
 *	pollfd = { channel.fd, channel_events(&channel), 0 };
 *	if (revents & POLLOUT) TRY(channel_write(&channel, why));
 *	if (revents & (POLLIN | POLLHUP | POLLERR)) err = channel_read(&channel, why);
 *	while (channel_next(&channel, &message)) ... message_done(&message);
 *	then judge err: messages that came before the end of the channel were whole.
 */
#pragma once

#include "channel/message.h"

#include "base/buf.h"

struct channel_frame;

struct channel_limits {
	size_t xon_bytes;
	size_t xoff_bytes; /* more than xon_bytes */
	size_t full_bytes; /* more than xoff_bytes */
};

/* Descriptors that may wait to be taken with their messages; no more is read before that. */
enum { CHANNEL_DESCRIPTORS_MAX = 16 };

struct channel {
	int fd; /* owned; -1 when closed */
	enum process self;
	enum process peer;
	struct channel_limits limits;

	/* received: in.data[in_start .. in_whole) are whole frames, then a part of one */
	struct buf in;
	size_t in_start;
	size_t in_whole;
	int descriptors[CHANNEL_DESCRIPTORS_MAX];
	size_t descriptor_count;
	size_t announced; /* whole frames that wait and have a descriptor */

	/* to send, oldest first */
	struct channel_frame *out_first;
	struct channel_frame *out_last;
	size_t out_bytes;

	bool is_mute;         /* the peer takes nothing more; reading will tell the end */
	bool is_held;         /* the peer said XOFF */
	bool is_holding;      /* we said XOFF */
	bool has_flow_change; /* is_holding is not yet said */
	bool is_ended;        /* nothing more can be read; ended says why */
	struct why ended;

	uint64_t sent; /* messages, flow control not counted */
	uint64_t received;
	uint64_t holds; /* times the peer said XOFF */
};

/* What fits every pair of roles. */
extern const struct channel_limits channel_limits_default;

/* Takes fd. limits NULL stands for channel_limits_default. */
void channel_init(struct channel *channel, int fd, enum process self, enum process peer,
	const struct channel_limits *limits);
/* A channel that never was open, for arrays and CLEANUP. */
#define CHANNEL_CLOSED                     \
	{                                  \
		.fd = -1, .is_ended = true \
	}
/* Closes, and drops what waits in both directions; for CLEANUP. */
void channel_done(struct channel *channel);
static inline bool channel_is_open(const struct channel *channel)
{
	return channel->fd != -1 && !channel->is_ended;
}

/* A connected pair of close-on-exec sockets for two channels. */
NODISCARD enum err channel_pair(int fds[2], struct why *why);

/* For poll(); 0 when the channel waits for neither. */
short channel_events(const struct channel *channel);
/* True when bulk senders must wait: the peer said XOFF, or xoff_bytes wait to be sent. */
bool channel_is_full(const struct channel *channel);

/*
 * Queues a message; the payload is copied and the descriptor duplicated, so both stay the
 * caller's. ERR_BUSY when full_bytes wait already (nothing was queued; write and try again);
 * ERR_USAGE when the table forbids the message.
 */
NODISCARD enum err channel_send(
	struct channel *channel, const struct message *message, struct why *why);
/* channel_send() of text without a descriptor, the usual case. */
NODISCARD enum err channel_send_text(struct channel *channel, enum message_type type, uint64_t id,
	struct str payload, struct why *why);

/*
 * Sends what the socket takes now. When the peer takes nothing more, what waits is dropped and the
 * next channel_send() says ERR_CLOSED: its last words may still be there to be read.
 */
NODISCARD enum err channel_write(struct channel *channel, struct why *why);
/*
 * Reads what is there now. ERR_CLOSED when the peer is gone, ERR_SYNTAX when it broke the rules;
 * after either, channel_next() still gives the whole messages that came before.
 */
NODISCARD enum err channel_read(struct channel *channel, struct why *why);
/*
 * The next whole message, false when there is none. The payload lives until the next call on this
 * channel; the descriptor is now the caller's (message_done() closes it).
 */
bool channel_next(struct channel *channel, struct message *out);

/* Does a whole message wait for channel_next()? poll() knows nothing of it. */
bool channel_has_message(const struct channel *channel);

/*
 * Blocking use, for children that do one thing at a time. A timeout of -1 waits for ever;
 * ERR_TIMEOUT when it passes. Sending waits while the channel is full, and returns when the socket
 * has it all; messages that arrive meanwhile wait for channel_next().
 */
NODISCARD enum err channel_send_blocking(
	struct channel *channel, const struct message *message, int timeout_ms, struct why *why);
NODISCARD enum err channel_receive_blocking(
	struct channel *channel, struct message *out, int timeout_ms, struct why *why);
