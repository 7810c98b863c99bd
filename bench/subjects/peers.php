<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Deliveries;
use Bench\Peer;
use Bench\Peers;
use Bench\Problem;
use Bench\Report;
use Bench\Subject;

const PEERS_SOCKETS = 1000;
const PEERS_SPACED = 10; // messages of a run, 20/s
const PEERS_BURST = 20;
const PEERS_CONNECTS = 500;
const PEERS_IDLE = 5000;

/** Private and shared memory in bytes: nchan keeps its subscribers in a shared segment. */
function peers_memory(int $pid): float
{
    preg_match_all('/^Rss(?:Anon|Shmem):\s+(\d+) kB/m', (string) file_get_contents("/proc/$pid/status"), $match);

    return array_sum($match[1]) * 1024.0;
}

/** @param array{Peer, Bench\Child} $side @return array<string, float> figures of one run */
function peers_run(Bench $bench, array $side, int $sockets): array
{
    [$peer, $load] = $side;
    $spaced = Deliveries::once($bench, $peer->server, $load, 'spaced ' . PEERS_SPACED . ' 20');
    $burst = Deliveries::once($bench, $peer->server, $load, 'burst 1 ' . PEERS_BURST);
    $figures = ['spaced' => $spaced['cpu'], 'burst' => $burst['cpu'], 'p50' => $spaced['last_p50'], 'p99' => $spaced['last_p99']];
    $more = $bench->count(PEERS_CONNECTS);
    if ($peer->name !== 'bare loop') { // which accepts so many and no more
        $figures['connect'] = $bench->cpu($peer->server, static fn () => $load->ask('open ' . $sockets + $more)) / $more;
        $load->ask("close $more");
    }

    return array_map(floatval(...), $figures);
}

/** @return array{Peer, Bench\Child} */
function peers_relay(Bench $bench): array
{
    $relay = $bench->relay('--upgrade-rate 0');

    return [new Peer('Clairon', $relay, '', 'Unix socket; TCP_NODELAY'), $bench->load($relay)];
}

/** @return array{Peer, Bench\Child}|null without it and with a sentence where the machine can't */
function peers_start(Bench $bench, Peers $peers, Report $report, string $name): ?array
{
    try {
        $peer = $peers->start($name);

        return [$peer, $bench->tool($peer->tool)];
    } catch (Problem $problem) {
        $report->note("$name is missing: " . $problem->getMessage() . '.');

        return null;
    }
}

/** @param callable(): array{Peer, Bench\Child} $start */
function peers_idle(Bench $bench, callable $start, int $sockets): float
{
    [$peer, $load] = $start();
    $load->ask('open ' . intdiv($sockets, 5));
    $before = peers_memory($peer->server->process->pid);
    $load->ask("open $sockets");
    $after = peers_memory($peer->server->process->pid);
    $bench->end($load);
    $bench->end($peer->server);

    return ($after - $before) / ($sockets - intdiv($sockets, 5));
}

return new Subject('', 'nchan, ws, uWebSockets and soketi beside Clairon', static function (Bench $bench, Report $report): void {
    $sockets = $bench->count(PEERS_SOCKETS);
    $peers = new Peers($bench);
    $sides = ['Clairon' => peers_relay($bench)];
    [$loop, $beside] = $bench->bare($sockets);
    $sides['bare loop'] = [new Peer('bare loop', $loop, '', 'Unix socket; TCP_NODELAY; one send() a message'), $beside];
    foreach (Peers::NAMES as $name) {
        $bench->progress("starting $name");
        $side = peers_start($bench, $peers, $report, $name);
        $sides += $side ? [$name => $side] : [];
    }
    $runs = [];
    foreach ($sides as [, $load]) {
        $load->ask("open $sockets");
        $load->ask('run 5');
    }
    for ($round = 0; $round < $bench->rounds; $round++) {
        foreach ($sides as $name => $side) {
            $bench->progress("run $round of $bench->rounds: $name");
            foreach (peers_run($bench, $side, $sockets) as $figure => $value) {
                $runs[$name][$figure][] = $value;
            }
        }
    }
    $bench->endAll();
    foreach (array_diff(array_keys($sides), ['bare loop']) as $name) {
        $bench->progress("memory of idle sockets: $name");
        $start = $name === 'Clairon' ? static fn () => peers_relay($bench) : static fn () => peers_start($bench, $peers, $report, $name);
        $runs[$name]['idle'][] = peers_idle($bench, $start, $bench->count(PEERS_IDLE));
    }
    foreach ([
        'spaced' => [number_format($sockets) . ' sockets, one message at a time, 20/s: CPU of a delivery', 'ns'],
        'burst' => [number_format($sockets) . ' sockets, bursts of ' . PEERS_BURST . ': CPU of a delivery', 'ns'],
        'p50' => [number_format($sockets) . ' sockets, 20/s: until the last one has it, p50', 'ns'],
        'p99' => [number_format($sockets) . ' sockets, 20/s: until the last one has it, p99', 'ns'],
        'connect' => ['CPU of connect and subscribe', 'ns'],
        'idle' => ['private memory of an idle socket', 'B'],
    ] as $figure => [$what, $unit]) {
        foreach ($sides as $name => [$peer]) {
            if ($name !== 'Clairon' && isset($runs[$name][$figure])) {
                $report->compare($what, $runs['Clairon'][$figure], $runs[$name][$figure], $unit, null, "$name ($peer->remark)");
            }
        }
    }
    $report->note('Every server publishes by its own usual way; only the server process\'s CPU is counted, with what it pays for '
        . 'taking the message in. ws, uWebSockets and nchan speak no protocol above WebSocket; soketi and Clairon speak Pusher\'s. '
        . 'HTTP publishers send the next request when the last one is answered, so their bursts are not in one write.');
});
