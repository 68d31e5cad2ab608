/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * UDP: one thread, one socket. Queries are taken and replies sent in batches, because the system
 * calls and the wake-ups cost several times what an answer costs.
 */
#include "answer/worker.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum {
	UDP_BATCH = 64,
	UDP_QUERY_MAX = 1232, /* what we say we take; the rest of a longer one is cut off */
	UDP_CONTROL_BYTES = CMSG_SPACE(sizeof(struct in6_pktinfo))
};

/* Replies go out with what came in: the peer, and the local address it wrote to. */
struct udp_batch {
	struct mmsghdr in[UDP_BATCH];
	struct mmsghdr out[UDP_BATCH];
	struct iovec in_bytes[UDP_BATCH];
	struct iovec out_bytes[UDP_BATCH];
	struct sockaddr_storage peers[UDP_BATCH];
	_Alignas(struct cmsghdr) uint8_t controls[UDP_BATCH][UDP_CONTROL_BYTES];
	uint8_t queries[UDP_BATCH][UDP_QUERY_MAX];
	uint8_t replies[UDP_BATCH][RESPOND_BYTES_MAX];
};

static struct udp_batch *batch_new(void)
{
	struct udp_batch *batch = calloc(1, sizeof *batch);

	must(batch != NULL);
	for (size_t i = 0; i < UDP_BATCH; i++) {
		batch->in_bytes[i] = (struct iovec){ batch->queries[i], UDP_QUERY_MAX };
		batch->in[i].msg_hdr = (struct msghdr){ .msg_name = &batch->peers[i],
			.msg_iov = &batch->in_bytes[i],
			.msg_iovlen = 1,
			.msg_control = batch->controls[i] };
		batch->out[i].msg_hdr.msg_iov = &batch->out_bytes[i];
		batch->out[i].msg_hdr.msg_iovlen = 1;
	}
	return batch;
}

/* Waits for at least one query and takes those that are there; 0 when none came in time. */
static size_t receive(int fd, struct udp_batch *batch)
{
	int n;

	for (size_t i = 0; i < UDP_BATCH; i++) {
		batch->in[i].msg_hdr.msg_namelen = sizeof batch->peers[i];
		batch->in[i].msg_hdr.msg_controllen = UDP_CONTROL_BYTES;
	}
	n = recvmmsg(fd, batch->in, UDP_BATCH, MSG_WAITFORONE, NULL);
	/* an ICMP error that an earlier reply caused is no reason to stop */
	return n > 0 ? (size_t)n : 0;
}

static void send_all(struct worker *worker, int fd, struct udp_batch *batch, size_t n)
{
	size_t sent = 0;

	while (sent < n) {
		int done = sendmmsg(fd, batch->out + sent, (unsigned)(n - sent), MSG_DONTWAIT);

		if (done > 0) {
			sent += (size_t)done;
		} else if (errno != EINTR) {
			/* the first one cannot be sent; the others may */
			answer_count(worker->responder.stats, COUNT_DROP_SEND);
			sent++;
		}
	}
}

struct ipaddr worker_peer(const struct sockaddr *peer)
{
	struct ipaddr ip = { { 0 } };

	if (peer->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, peer, sizeof v4);
		return ip_from_u32(ntohl(v4.sin_addr.s_addr));
	}
	if (peer->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, peer, sizeof v6);
		memcpy(ip.bytes, &v6.sin6_addr, sizeof ip.bytes);
	}
	return ip;
}

static size_t answer_one(struct worker *worker, const struct ipaddr *client, const uint8_t *query,
	size_t n, uint8_t *reply, uint32_t now_ms)
{
	uint64_t prefix = answer_client_key(client);
	uint64_t hash = limit_hash(&worker->limit, prefix);
	enum limit_verdict verdict = LIMIT_PASS;

	answer_count_client(worker->responder.stats, prefix, hash);
	if (!access_has(&worker->shared->unlimited, client))
		verdict = answer_limit_take(&worker->limit, prefix, hash, now_ms);
	if (verdict == LIMIT_PASS)
		return respond(&worker->responder, RESPOND_UDP, client, query, n, reply);
	answer_count(worker->responder.stats, COUNT_UDP);
	if (verdict == LIMIT_SLIP) {
		answer_count(worker->responder.stats, COUNT_SLIPPED);
		return respond_truncated(&worker->responder, query, n, reply);
	}
	answer_count(worker->responder.stats, COUNT_DROP_RATE);
	return 0;
}

static void answer_batch(struct worker *worker, struct udp_batch *batch, size_t n, int64_t now_ns)
{
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		struct ipaddr client = worker_peer((const struct sockaddr *)&batch->peers[i]);
		size_t length = answer_one(worker, &client, batch->queries[i], batch->in[i].msg_len,
			batch->replies[out], (uint32_t)(now_ns / 1000000));

		if (length == 0)
			continue;

		struct msghdr *to = &batch->out[out].msg_hdr;

		batch->out_bytes[out] = (struct iovec){ batch->replies[out], length };
		to->msg_name = &batch->peers[i];
		to->msg_namelen = batch->in[i].msg_hdr.msg_namelen;
		to->msg_controllen = batch->in[i].msg_hdr.msg_controllen;
		to->msg_control = to->msg_controllen == 0 ? NULL : batch->controls[i];
		out++;
	}
	if (out > 0)
		send_all(worker, worker->sockets[0], batch, out);
}

void worker_udp(struct worker *worker)
{
	struct udp_batch *batch = batch_new();

	while (!worker_is_stopping(worker)) {
		size_t n = receive(worker->sockets[0], batch);
		int64_t now_ns = worker_refresh(worker);

		answer_batch(worker, batch, n, now_ns);
	}
	free(batch);
}
