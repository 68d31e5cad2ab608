#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# clients.sh ANSWER_DEMO: real clients against the answer role, in a network of their own: dig, kdig,
# unbound (strict query minimisation) and BIND in front of it, postfix and rspamd behind unbound.
set -eu

skip() {
	echo "SKIP: $1"
	exit 77
}

demo=$1
if [ "${2-}" != inside ]; then
	[ "$(id -u)" -eq 0 ] || skip 'needs root for a network namespace'
	for tool in dig ip kdig unshare; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	unshare -nm true 2>/dev/null || skip 'no namespaces here'
	exec unshare -nm "$0" "$demo" inside
fi

folder=$(mktemp -d /tmp/pehra-clients-XXXXXX)
chmod 755 "$folder"
port=5354
zone=rep.pehra.test
failures=0
started=()

stop() {
	exec 9>&- || true
	[ ! -e "$folder/postfix/main.cf" ] || postfix -c "$folder/postfix" stop >/dev/null 2>&1 || true
	for pid in "${started[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	rm -rf "$folder"
}
trap stop EXIT

# expect NAME WANTED COMMAND...: the command's output on one line is as wanted
expect() {
	local name=$1 wanted=$2 told
	shift 2
	told=$("$@" 2>&1 | grep -v '^$' | sort | paste -sd' ') || true
	if [ "$told" = "$wanted" ]; then
		echo "ok: $name"
	else
		printf 'FAILED: %s\n  wanted: %s\n  told:   %s\n' "$name" "$wanted" "$told"
		failures=$((failures + 1))
	fi
}

# What a reply's header says: status and flags.
header() {
	"$@" | sed -n 's/.*status: \([A-Z]*\).*/\1/p; s/^;; flags: \([^;]*\);.*/\1/p'
}

ip link set lo up
cat >"$folder/list" <<-END
	192.0.2.1 scanner,brute-force 87 0 0 3
	192.0.2.2 spam 60 0 0 3
	192.0.2.9 spam 60 0 0 4
	198.51.100.0/24 c2-server 0 95 0 3
	2001:db8:1::/64 spam 70 0 0 3
	bad.example.org phishing 0 90 0 3
END
mkfifo "$folder/stop"
"$demo" 127.0.0.1 "$port" 2 0 "$folder" "$folder/list" <"$folder/stop" >"$folder/demo.log" 2>&1 &
started+=($!)
exec 9>"$folder/stop"
for _ in $(seq 100); do
	grep -q ready "$folder/demo.log" && break
	sleep 0.05
done

ask=(dig @127.0.0.1 -p "$port" +norecurse +time=2 +tries=1)
expect 'dig, UDP' '127.0.0.2 127.0.0.3' "${ask[@]}" +short "1.2.0.192.$zone"
expect 'dig, TCP' '127.0.0.2 127.0.0.3' "${ask[@]}" +short +tcp "1.2.0.192.$zone"
expect 'dig, text' '"2,3 s=87 f=2026-07-28 l=2026-10-26 e=- https://pehra.example/ip/192.0.2.1"' \
	"${ask[@]}" +short TXT "1.2.0.192.$zone"
expect 'dig, IPv6 nibbles' '127.0.0.6' "${ask[@]}" +short \
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.$zone"
expect 'dig, not listed' 'NXDOMAIN qr aa' header "${ask[@]}" "3.2.0.192.$zone"
expect 'dig, elsewhere' 'REFUSED qr' header "${ask[@]}" example.org
expect 'dig, EDNS version 1' 'BADVERS qr' header "${ask[@]}" +edns=1 +noednsneg "1.2.0.192.$zone"
expect 'dig, unknown option' 'NOERROR qr aa' header "${ask[@]}" +ednsopt=65280:0102 "1.2.0.192.$zone"
expect 'dig, small buffer' '127.0.0.2 127.0.0.3' "${ask[@]}" +short +bufsize=512 "1.2.0.192.$zone"
expect 'dig, opcode' 'NOTIMP qr' header "${ask[@]}" +opcode=NOTIFY "$zone" SOA
expect 'dig, case kept' '1.2.0.192.ReP.pEhRa.TeSt. 127.0.0.2 1.2.0.192.ReP.pEhRa.TeSt. 127.0.0.3' \
	bash -c "${ask[*]} +noall +answer 1.2.0.192.ReP.pEhRa.TeSt | awk '{print \$1, \$5}'"
expect 'dig, name zone' '127.0.0.10' "${ask[@]}" +short "bad.example.org.dom.$zone"
ask=(kdig @127.0.0.1 -p "$port" +norecurse +timeout=2 +retry=0)
expect 'kdig, one connection' '127.0.0.2 127.0.0.3 127.0.0.6 127.0.1.95' "${ask[@]}" +short +tcp \
	+keepopen "1.2.0.192.$zone" "2.2.0.192.$zone" "7.100.51.198.score.$zone"
expect 'kdig, extended error' '20' bash -c \
	"${ask[*]} +edns example.org | sed -n 's/.*EDE: \([0-9]*\).*/\1/p'"

if ! command -v unbound >/dev/null; then
	echo 'unbound is not installed; left out'
else
	cat >"$folder/unbound.conf" <<-END
		server:
		  interface: 127.0.0.1
		  access-control: 127.0.0.0/8 allow
		  username: ""
		  chroot: ""
		  directory: "$folder"
		  pidfile: "$folder/unbound.pid"
		  use-syslog: no
		  do-not-query-localhost: no
		  qname-minimisation: yes
		  qname-minimisation-strict: yes
		  harden-below-nxdomain: yes
		  use-caps-for-id: yes
		  local-zone: "test." nodefault
		  domain-insecure: "$zone"
		stub-zone:
		  name: "$zone"
		  stub-addr: 127.0.0.1@$port
		remote-control:
		  control-enable: no
	END
	unbound -d -c "$folder/unbound.conf" >"$folder/unbound.log" 2>&1 &
	started+=($!)
	for _ in $(seq 100); do
		dig @127.0.0.1 +time=1 +tries=1 "$zone" SOA 2>/dev/null | grep -q 'status: NOERROR' && break
		sleep 0.05
	done

	ask=(dig @127.0.0.1 +time=2 +tries=1)
	expect 'unbound: a part that is empty' 'NOERROR qr rd ra' header "${ask[@]}" "2.0.192.$zone"
	expect 'unbound: not listed' 'NXDOMAIN qr rd ra' header "${ask[@]}" "3.2.0.192.$zone"
	expect 'unbound: listed' '127.0.0.2 127.0.0.3' "${ask[@]}" +short "1.2.0.192.$zone"
	expect 'unbound: a /24' '127.0.0.8' "${ask[@]}" +short "77.100.51.198.dst.$zone"
	expect 'unbound: score' '127.0.1.95' "${ask[@]}" +short "77.100.51.198.score.$zone"
	expect 'unbound: IPv6' '127.0.0.6' "${ask[@]}" +short \
		"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.$zone"
	expect 'unbound: below nothing' 'NXDOMAIN qr rd ra' header "${ask[@]}" "1.113.0.203.$zone"
	expect 'unbound: test point' '127.0.0.2' "${ask[@]}" +short "2.0.0.127.$zone"
	expect 'unbound: never listed' 'NXDOMAIN qr rd ra' header "${ask[@]}" "1.0.0.127.$zone"
	expect 'unbound: allowed' '127.0.0.40' "${ask[@]}" +short "9.2.0.192.allow.$zone"
	expect 'unbound: name' '127.0.0.10' "${ask[@]}" +short "bad.example.org.dom.$zone"
	expect 'unbound: text over TCP' \
		'"10 s=90 f=2026-07-28 l=2026-10-26 e=- https://pehra.example/name/bad.example.org"' \
		"${ask[@]}" +short +tcp TXT "bad.example.org.dom.$zone"
fi

if ! command -v named >/dev/null; then
	echo 'named is not installed; left out'
else
	cat >"$folder/named.conf" <<-END
		options {
		    directory "$folder";
		    pid-file none;
		    session-keyfile none;
		    listen-on port 5300 { 127.0.0.1; };
		    listen-on-v6 { none; };
		    empty-zones-enable no;
		    validate-except { "$zone"; };
		};
		controls { };
		zone "$zone" {
		    type forward;
		    forward only;
		    forwarders { 127.0.0.1 port $port; };
		};
	END
	named -f -c "$folder/named.conf" >"$folder/named.log" 2>&1 &
	started+=($!)
	ask=(dig @127.0.0.1 -p 5300 +time=2 +tries=1)
	for _ in $(seq 100); do
		"${ask[@]}" "$zone" SOA 2>/dev/null | grep -q 'status: NOERROR' && break
		sleep 0.05
	done
	expect 'bind: listed' '127.0.0.2 127.0.0.3' "${ask[@]}" +short "1.2.0.192.$zone"
	expect 'bind: a part that is empty' 'NOERROR qr rd ra' header "${ask[@]}" "2.0.192.$zone"
	expect 'bind: not listed' 'NXDOMAIN qr rd ra' header "${ask[@]}" "3.2.0.192.$zone"
	expect 'bind: score' '127.0.1.95' "${ask[@]}" +short "77.100.51.198.score.$zone"
	expect 'bind: text' \
		'"2,3 s=87 f=2026-07-28 l=2026-10-26 e=- https://pehra.example/ip/192.0.2.1"' \
		"${ask[@]}" +short TXT "1.2.0.192.src.$zone"
fi

# A client's address is given by XCLIENT; says what RCPT TO is answered.
deliver() {
	exec 8<>/dev/tcp/127.0.0.1/2525
	printf 'EHLO client.example\r\nXCLIENT ADDR=%s NAME=client.example\r\n' "$1" >&8
	sleep 0.2
	printf 'EHLO client.example\r\nMAIL FROM:<%s>\r\nRCPT TO:<root@localhost>\r\nQUIT\r\n' "$2" >&8
	tr -d '\r' <&8 | sed -n '/^[245][0-9]* [245]\.[17]\.[15]/p' | tail -n 1
	exec 8>&-
}

if ! command -v postfix >/dev/null || ! command -v unbound >/dev/null; then
	echo 'postfix or unbound is not installed; left out'
else
	echo 'nameserver 127.0.0.1' >"$folder/resolv.conf"
	mount --bind "$folder/resolv.conf" /etc/resolv.conf
	mkdir -p "$folder/postfix" "$folder/spool" "$folder/data"
	chown postfix "$folder/data"
	cat >"$folder/postfix/main.cf" <<-END
		compatibility_level = 3.6
		queue_directory = $folder/spool
		data_directory = $folder/data
		inet_interfaces = 127.0.0.1
		inet_protocols = ipv4
		myhostname = mail.example
		mydestination = localhost
		maillog_file = /dev/stdout
		maillog_file_prefixes = /dev/stdout, $folder
		smtpd_authorized_xclient_hosts = 127.0.0.0/8
		smtpd_delay_reject = yes
		smtpd_client_restrictions =
		    permit_dnswl_client allow.$zone=127.0.0.40,
		    reject_rbl_client src.$zone=127.0.0.[2..11],
		    reject_rbl_client score.$zone=127.0.1.[90..100]
		smtpd_sender_restrictions = reject_rhsbl_sender dom.$zone
	END
	cat >"$folder/postfix/master.cf" <<-END
		127.0.0.1:2525 inet n - n - - smtpd
		cleanup unix n - n - 0 cleanup
		qmgr unix n - n 300 1 qmgr
		rewrite unix - - n - - trivial-rewrite
		bounce unix - - n - 0 bounce
		defer unix - - n - 0 bounce
		proxymap unix - - n - - proxymap
		error unix - - n - - error
		anvil unix - - n - 1 anvil
		postlog unix-dgram n - n - 1 postlogd
	END
	postfix -c "$folder/postfix" start >"$folder/postfix.log" 2>&1
	for _ in $(seq 100); do
		(: </dev/tcp/127.0.0.1/2525) 2>/dev/null && break
		sleep 0.05
	done
	expect 'postfix: listed source' \
		'554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using src.rep.pehra.test; 2,3 s=87 f=2026-07-28 l=2026-10-26 e=- https://pehra.example/ip/192.0.2.1' \
		deliver 192.0.2.1 someone@client.example
	expect 'postfix: score in a range' \
		'554 5.7.1 Service unavailable; Client host [198.51.100.8] blocked using score.rep.pehra.test; 8 s=95 f=2026-07-28 l=2026-10-26 e=- https://pehra.example/ip/198.51.100.8' \
		deliver 198.51.100.8 someone@client.example
	expect 'postfix: allowed' '250 2.1.5 Ok' deliver 192.0.2.9 someone@client.example
	expect 'postfix: not listed' '250 2.1.5 Ok' deliver 203.0.113.1 someone@client.example
	expect 'postfix: sender domain' \
		'554 5.7.1 Service unavailable; Sender address [x@bad.example.org] blocked using dom.rep.pehra.test; 10 s=90 f=2026-07-28 l=2026-10-26 e=- https://pehra.example/name/bad.example.org' \
		deliver 203.0.113.1 x@bad.example.org
fi

# rspamd needs a quarter of a minute to start
if [ -z "${PEHRA_TEST_RSPAMD-}" ] || ! mountpoint -q /etc/resolv.conf; then
	echo 'rspamd is tried with PEHRA_TEST_RSPAMD=1 and postfix installed; left out'
else
	mkdir -p "$folder/rspamd"
	cp -r /etc/rspamd/. "$folder/rspamd"
	cat >"$folder/rspamd/local.d/rbl.conf" <<-END
		rbls {
		    pehra {
		        symbol = "PEHRA";
		        rbl = "src.$zone";
		        ipv4 = true;
		        ipv6 = true;
		        checks = ["from"];
		        returncodes {
		            PEHRA_SCAN = "127.0.0.2";
		            PEHRA_BRUTE_FORCE = "127.0.0.3";
		            PEHRA_SPAM = "127.0.0.6";
		        }
		    }
		}
	END
	rspamd -f -i --var=CONFDIR="$folder/rspamd" --var=LOCAL_CONFDIR="$folder/rspamd" \
		--var=DBDIR="$folder/data" --var=RUNDIR="$folder" --var=LOGDIR="$folder" -c "$folder/rspamd/rspamd.conf" >"$folder/rspamd.log" 2>&1 &
	started+=($!)
	for _ in $(seq 300); do
		(: </dev/tcp/127.0.0.1/11333) 2>/dev/null && break
		sleep 0.2
	done
	printf 'From: a@client.example\nSubject: x\nDate: Mon, 23 Nov 2026 00:00:00 +0000\n\nx\n' >"$folder/mail"
	scan() {
		rspamc -h 127.0.0.1:11333 -i "$1" symbols <"$folder/mail" |
			sed -n 's/^Symbol: \(PEHRA[A-Z_]*\).*/\1/p'
	}
	expect 'rspamd: listed source' 'PEHRA_BRUTE_FORCE PEHRA_SCAN' scan 192.0.2.1
	expect 'rspamd: IPv6' 'PEHRA_SPAM' scan 2001:db8:1::1
	expect 'rspamd: not listed' '' scan 203.0.113.1
fi

[ "$failures" -eq 0 ] || exit 1
