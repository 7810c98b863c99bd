<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Goal;
use Bench\Report;
use Bench\Server;
use Bench\Subject;

/** Bytes of private memory at the start, with a third of the sockets and with all. @return array{int, int, int} */
function grown(Bench $bench, string $channels, int $sockets): array
{
    $relay = $bench->relay();
    $start = $relay->process->memory();
    $load = $bench->load($relay);
    $load->ask('open ' . intdiv($sockets, 3) . " $channels");
    $third = $relay->process->memory();
    $load->ask("open $sockets $channels");
    $all = $relay->process->memory();
    $bench->end($load);
    $bench->end($relay);

    return [$start, $third, $all];
}

/** A relay that takes TLS, with a certificate of its own. */
function secure_relay(Bench $bench): Server
{
    [$certificate, $key] = ["$bench->scratch/certificate.pem", "$bench->scratch/key.pem"];
    exec("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1 -keyout $key -out $certificate 2>/dev/null");

    return $bench->relay("--listen-tls 127.0.0.1:0 --tls-certificate $certificate --tls-key $key");
}

return new Subject('P3', 'User memory of an idle socket with one subscription', static function (Bench $bench, Report $report): void {
    $sockets = $bench->count(15000, 30);
    foreach (['common' => ['one common channel', 400, 480], 'private' => ['a private channel each', 650, 650]] as $channels => [$words, $each, $from_start]) {
        $bench->progress($words);
        [$start, $third, $all] = grown($bench, $channels, $sockets);
        $report->figure("$words: each further socket", ($all - $third) / ($sockets - intdiv($sockets, 3)), 'B', Goal::most($each));
        $report->figure("$words: each, from the start", ($all - $start) / $sockets, 'B', Goal::most($from_start));
        $report->figure("$words: the relay at its start", $start / 1048576, 'MB', Goal::most(8));
    }
    $bench->progress('wss');
    $relay = secure_relay($bench);
    $load = $bench->tool("--tls --publish none --port $relay->tlsPort " . $bench->credentials());
    [$few, $many] = [$bench->count(500, 10), $bench->count(3000, 60)];
    $load->ask("open $few");
    $before = $relay->process->memory();
    $load->ask("open $many");
    $report->figure('wss: each further socket', ($relay->process->memory() - $before) / ($many - $few), 'B', Goal::most(10240));
    $bench->endAll();
    $bench->progress('connecting and disconnecting');
    $relay = $bench->relay();
    $load = $bench->load($relay);
    $half = intdiv($sockets, 3);
    $rounds = [];
    for ($round = 0; $round < 10; $round++) {
        $load->ask("open $half");
        $rounds[] = $relay->process->memory();
        $load->ask("close $half");
    }
    $report->compare("$half sockets, the tenth time they connect, beside the second", (float) $rounds[9], (float) $rounds[1], 'B', Goal::ratio(1.02), 'RssAnon');
    $report->note('Of a wss socket OpenSSL 3.0 holds about 14 KB (TLS 1.3): 7.6 KB its SSL object, 1.9 KB two ciphers, 0.9 KB the '
        . 'session, the rest keys and lists of the handshake, which its interface lets nobody free.');
    $report->note('RssAnon of the relay, one worker; what the kernel holds for a socket is not in it.');
});
