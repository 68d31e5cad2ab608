/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "channel/channel.h"

#include "base/clock.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_CHUNK_BYTES = 64 * 1024, KEEP_BYTES = 256 * 1024 };

enum { FLAG_DESCRIPTOR = 1 };

struct header {
	uint32_t length;
	uint16_t type;
	uint16_t flags;
	uint64_t id;
};
_Static_assert(sizeof(struct header) == 16, "the frame's header has no padding");

struct channel_frame {
	struct channel_frame *next;
	size_t size;
	size_t sent;
	int fd; /* owned; sent with the first byte */
	char bytes[];
};

const struct channel_limits channel_limits_default = {
	.xon_bytes = (size_t)256 * 1024,
	.xoff_bytes = (size_t)1024 * 1024,
	.full_bytes = (size_t)4 * 1024 * 1024,
};

void channel_init(struct channel *channel, int fd, enum process self, enum process peer,
	const struct channel_limits *limits)
{
	*channel = (struct channel){
		.fd = fd,
		.self = self,
		.peer = peer,
		.limits = limits != NULL ? *limits : channel_limits_default,
	};
	must(channel->limits.xon_bytes < channel->limits.xoff_bytes);
	must(channel->limits.xoff_bytes < channel->limits.full_bytes);
}

static void frame_free(struct channel_frame *frame)
{
	fd_close(&frame->fd);
	free(frame);
}

static void drop_output(struct channel *channel)
{
	while (channel->out_first != NULL) {
		struct channel_frame *frame = channel->out_first;

		channel->out_first = frame->next;
		frame_free(frame);
	}
	channel->out_last = NULL;
	channel->out_bytes = 0;
	channel->has_flow_change = false;
}

void channel_done(struct channel *channel)
{
	drop_output(channel);
	for (size_t i = 0; i < channel->descriptor_count; i++)
		fd_close(&channel->descriptors[i]);
	buf_done(&channel->in);
	fd_close(&channel->fd);
	*channel = (struct channel)CHANNEL_CLOSED;
}

enum err channel_pair(int fds[2], struct why *why)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return fail_sys(why, "cannot make a pair of sockets");
	return OK;
}

/* Whole messages that wait for channel_next(). */
static size_t waiting_bytes(const struct channel *channel)
{
	return channel->in_whole - channel->in_start;
}

static bool may_read(const struct channel *channel)
{
	return channel_is_open(channel) && waiting_bytes(channel) < channel->limits.full_bytes &&
	       channel->descriptor_count < CHANNEL_DESCRIPTORS_MAX;
}

static bool has_output(const struct channel *channel)
{
	return channel->out_first != NULL || channel->has_flow_change;
}

short channel_events(const struct channel *channel)
{
	if (!channel_is_open(channel))
		return 0;
	return (short)((may_read(channel) ? POLLIN : 0) | (has_output(channel) ? POLLOUT : 0));
}

bool channel_is_full(const struct channel *channel)
{
	return channel->is_held || channel->out_bytes >= channel->limits.xoff_bytes;
}

/* No more is read; the first reason stays. */
static enum err end(struct channel *channel, enum err code, const char *text, struct why *why)
{
	if (!channel->is_ended)
		why_set(&channel->ended, code, 0, "%s: %s", process_word(channel->peer), text);
	channel->is_ended = true;
	if (why != NULL)
		*why = channel->ended;
	return channel->ended.code;
}

static enum err end_sys(struct channel *channel, const char *text, struct why *why)
{
	struct why refused;

	(void)fail_sys(&refused, "%s", text);
	return end(channel, refused.code, refused.text, why);
}

/* A whole frame without its descriptor. */
static struct channel_frame *frame_new(const struct message *message)
{
	size_t size = sizeof(struct header) + message->payload.n;
	struct channel_frame *frame = malloc(sizeof *frame + size);
	struct header header = {
		.length = (uint32_t)message->payload.n,
		.type = (uint16_t)message->type,
		.flags = message->fd == -1 ? 0 : FLAG_DESCRIPTOR,
		.id = message->id,
	};

	must(frame != NULL);
	*frame = (struct channel_frame){ .size = size, .fd = -1 };
	memcpy(frame->bytes, &header, sizeof header);
	if (message->payload.n > 0)
		memcpy(frame->bytes + sizeof header, message->payload.p, message->payload.n);
	return frame;
}

enum err channel_send(struct channel *channel, const struct message *message, struct why *why)
{
	if (!channel_is_open(channel) || channel->is_mute)
		return fail(why, ERR_CLOSED, "%s is gone", process_word(channel->peer));
	if (message_check((uint32_t)message->type, message->payload.n, message->fd != -1,
		    channel->self, channel->peer, why) != OK)
		return ERR_USAGE;
	if (channel->out_bytes >= channel->limits.full_bytes)
		return fail(why, ERR_BUSY, "%zu bytes wait for %s already", channel->out_bytes,
			process_word(channel->peer));

	CLEANUP(fd_close) int copy = -1;

	if (message->fd != -1) {
		copy = fcntl(message->fd, F_DUPFD_CLOEXEC, 0);
		if (copy == -1)
			return fail_sys(why, "cannot duplicate a descriptor");
	}

	struct channel_frame *frame = frame_new(message);

	frame->fd = copy;
	copy = -1;
	if (channel->out_last != NULL)
		channel->out_last->next = frame;
	else
		channel->out_first = frame;
	channel->out_last = frame;
	channel->out_bytes += frame->size;
	channel->sent++;
	return OK;
}

enum err channel_send_text(struct channel *channel, enum message_type type, uint64_t id,
	struct str payload, struct why *why)
{
	return channel_send(channel,
		&(struct message){ .type = type, .id = id, .payload = payload, .fd = -1 }, why);
}

union descriptor_room {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* One sendmsg; 0 when the socket takes nothing now. */
static enum err send_part(
	struct channel *channel, struct channel_frame *frame, size_t *out, struct why *why)
{
	struct iovec part = { frame->bytes + frame->sent, frame->size - frame->sent };
	struct msghdr head = { .msg_iov = &part, .msg_iovlen = 1 };
	union descriptor_room room = { 0 };

	*out = 0;
	if (frame->fd != -1 && frame->sent == 0) {
		head.msg_control = room.bytes;
		head.msg_controllen = CMSG_LEN(sizeof(int));
		room.header.cmsg_level = SOL_SOCKET;
		room.header.cmsg_type = SCM_RIGHTS;
		room.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&room.header), &frame->fd, sizeof(int));
	}

	ssize_t n;

	do
		n = sendmsg(channel->fd, &head, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	if (n == -1 && errno == EAGAIN)
		return OK;
	if (n == -1 && (errno == EPIPE || errno == ECONNRESET)) {
		channel->is_mute = true;
		drop_output(channel);
		return OK;
	}
	if (n == -1)
		return end_sys(channel, "cannot send", why);
	*out = (size_t)n;
	return OK;
}

/* Flow control overtakes what waits, between two frames. */
static void put_flow_change(struct channel *channel)
{
	struct channel_frame *first = channel->out_first;

	if (!channel->has_flow_change || (first != NULL && first->sent != 0))
		return;

	struct channel_frame *frame = frame_new(&(struct message){
		.type = channel->is_holding ? MESSAGE_XOFF : MESSAGE_XON, .fd = -1 });

	frame->next = first;
	channel->out_first = frame;
	if (first == NULL)
		channel->out_last = frame;
	channel->out_bytes += frame->size;
	channel->has_flow_change = false;
}

enum err channel_write(struct channel *channel, struct why *why)
{
	if (!channel_is_open(channel))
		return end(channel, ERR_CLOSED, "the channel is closed", why);
	for (;;) {
		size_t n;

		put_flow_change(channel);

		struct channel_frame *frame = channel->out_first;

		if (frame == NULL)
			return OK;
		TRY(send_part(channel, frame, &n, why));
		if (n == 0)
			return OK;
		frame->sent += n;
		fd_close(&frame->fd);
		if (frame->sent < frame->size)
			continue;
		channel->out_first = frame->next;
		if (frame->next == NULL)
			channel->out_last = NULL;
		channel->out_bytes -= frame->size;
		frame_free(frame);
	}
}

static void flow_update(struct channel *channel)
{
	size_t waiting = waiting_bytes(channel);
	bool hold = channel->is_holding ? waiting > channel->limits.xon_bytes
					: waiting > channel->limits.xoff_bytes;

	if (hold == channel->is_holding)
		return;
	channel->is_holding = hold;
	/* said and taken back before it was sent: nothing to say */
	channel->has_flow_change = !channel->has_flow_change;
}

/* Takes the descriptors that came with one recvmsg; more than one is against the rules. */
static enum err take_descriptors(struct channel *channel, struct msghdr *head, struct why *why)
{
	bool is_bad = (head->msg_flags & MSG_CTRUNC) != 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c != NULL; c = CMSG_NXTHDR(head, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + sizeof(int) <= c->cmsg_len - CMSG_LEN(0);
			at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + at, sizeof fd);
			if (channel->descriptor_count < CHANNEL_DESCRIPTORS_MAX && at == 0)
				channel->descriptors[channel->descriptor_count++] = fd;
			else {
				fd_close(&fd);
				is_bad = true;
			}
		}
	}
	return is_bad ? end(channel, ERR_SYNTAX, "more descriptors than a message may carry", why)
		      : OK;
}

/* The header at an offset, when all of it is there. */
static bool header_at(const struct channel *channel, size_t offset, struct header *out)
{
	if (channel->in.n - offset < sizeof *out)
		return false;
	memcpy(out, channel->in.data + offset, sizeof *out);
	return true;
}

/* Judges the frames that became whole, and obeys flow control among them at once. */
static enum err judge_frames(struct channel *channel, struct why *why)
{
	struct header header;
	struct why wrong;

	while (header_at(channel, channel->in_whole, &header)) {
		if ((header.flags & ~FLAG_DESCRIPTOR) != 0)
			return end(channel, ERR_SYNTAX, "unknown flags in a frame", why);
		if (message_check(header.type, header.length, (header.flags & FLAG_DESCRIPTOR) != 0,
			    channel->peer, channel->self, &wrong) != OK)
			return end(channel, ERR_SYNTAX, wrong.text, why);
		if (channel->in.n - channel->in_whole - sizeof header < header.length)
			break;
		if ((header.flags & FLAG_DESCRIPTOR) != 0 &&
			channel->descriptor_count <= channel->announced)
			return end(channel, ERR_SYNTAX, "a descriptor was announced and not sent",
				why);
		channel->in_whole += sizeof header + header.length;
		channel->announced += (header.flags & FLAG_DESCRIPTOR) != 0;
		if (header.type == MESSAGE_XOFF && !channel->is_held)
			channel->holds++;
		if (header.type == MESSAGE_XOFF || header.type == MESSAGE_XON)
			channel->is_held = header.type == MESSAGE_XOFF;
	}

	/* a descriptor comes with the first byte of its frame, so one may be ahead of its message
	 */
	size_t begun = channel->in.n > channel->in_whole ? 1 : 0;

	if (channel->descriptor_count > channel->announced + begun)
		return end(channel, ERR_SYNTAX, "a descriptor without a message", why);
	return OK;
}

/* Moves what is left to the front, and gives back what one long message needed. */
static void compact(struct channel *channel)
{
	size_t left = channel->in.n - channel->in_start;

	if (left == 0 && channel->in.capacity > KEEP_BYTES) {
		buf_done(&channel->in);
	} else if (channel->in_start > 0 && (left == 0 || channel->in_start >= READ_CHUNK_BYTES)) {
		memmove(channel->in.data, channel->in.data + channel->in_start, left);
		channel->in.n = left;
	} else {
		return;
	}
	channel->in_whole -= channel->in_start;
	channel->in_start = 0;
}

enum err channel_read(struct channel *channel, struct why *why)
{
	if (!channel_is_open(channel))
		return end(channel, ERR_CLOSED, "the channel is closed", why);
	compact(channel);
	while (may_read(channel)) {
		struct iovec part = { buf_reserve(&channel->in, READ_CHUNK_BYTES),
			READ_CHUNK_BYTES };
		union descriptor_room room;
		struct msghdr head = { .msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = room.bytes,
			.msg_controllen = sizeof room.bytes };
		ssize_t n = recvmsg(channel->fd, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			break;
		if (n == 0 || (n == -1 && errno == ECONNRESET))
			return end(channel, ERR_CLOSED, "the peer is gone", why);
		if (n == -1)
			return end_sys(channel, "cannot receive", why);
		channel->in.n += (size_t)n;
		TRY(take_descriptors(channel, &head, why));
		TRY(judge_frames(channel, why));
		flow_update(channel);
	}
	return OK;
}

static int take_oldest(struct channel *channel)
{
	int fd = channel->descriptors[0];

	must(channel->descriptor_count > 0 && channel->announced > 0);
	channel->descriptor_count--;
	channel->announced--;
	memmove(channel->descriptors, channel->descriptors + 1,
		channel->descriptor_count * sizeof channel->descriptors[0]);
	return fd;
}

bool channel_next(struct channel *channel, struct message *out)
{
	struct header header;

	*out = (struct message){ .fd = -1 };
	while (waiting_bytes(channel) > 0) {
		must(header_at(channel, channel->in_start, &header));

		const char *payload = channel->in.data + channel->in_start + sizeof header;

		channel->in_start += sizeof header + header.length;
		flow_update(channel);
		if (header.type == MESSAGE_XOFF || header.type == MESSAGE_XON)
			continue;
		if ((header.flags & FLAG_DESCRIPTOR) != 0)
			out->fd = take_oldest(channel);
		out->type = (enum message_type)header.type;
		out->id = header.id;
		out->payload = str_from(payload, header.length);
		channel->received++;
		return true;
	}
	return false;
}

bool channel_has_message(const struct channel *channel)
{
	return waiting_bytes(channel) > 0;
}

/* Waits for the socket until the deadline (-1: for ever), then reads and writes what goes. */
static enum err pump(struct channel *channel, int64_t deadline_ns, struct why *why)
{
	struct pollfd socket = { channel->fd, channel_events(channel), 0 };
	int timeout_ms = -1;

	if (!channel_is_open(channel))
		return end(channel, ERR_CLOSED, "the channel is closed", why);
	if (deadline_ns != -1) {
		int64_t left_ns = deadline_ns - clock_monotonic_ns(NULL);

		if (left_ns <= 0)
			return fail(
				why, ERR_TIMEOUT, "%s took too long", process_word(channel->peer));
		timeout_ms = (int)(left_ns / 1000000) + 1;
	}

	int n = poll(&socket, 1, timeout_ms);

	if (n == -1 && errno != EINTR)
		return fail_sys(why, "cannot poll");
	if (n <= 0)
		return OK;
	if ((socket.revents & POLLOUT) != 0)
		TRY(channel_write(channel, why));
	if ((socket.revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		TRY(channel_read(channel, why));
	return OK;
}

static int64_t deadline_in(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : clock_monotonic_ns(NULL) + (int64_t)timeout_ms * 1000000;
}

enum err channel_send_blocking(
	struct channel *channel, const struct message *message, int timeout_ms, struct why *why)
{
	int64_t deadline_ns = deadline_in(timeout_ms);

	while (channel_is_full(channel))
		TRY(pump(channel, deadline_ns, why));
	TRY(channel_send(channel, message, why));
	TRY(channel_write(channel, why));
	while (has_output(channel))
		TRY(pump(channel, deadline_ns, why));
	return OK;
}

enum err channel_receive_blocking(
	struct channel *channel, struct message *out, int timeout_ms, struct why *why)
{
	int64_t deadline_ns = deadline_in(timeout_ms);

	while (!channel_next(channel, out)) {
		enum err err = pump(channel, deadline_ns, why);

		/* the last messages of a peer that is gone are still good */
		if (err != OK)
			return channel_next(channel, out) ? OK : err;
	}
	return OK;
}
