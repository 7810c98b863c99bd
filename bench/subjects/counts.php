<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Calls;
use Bench\Child;
use Bench\Goal;
use Bench\Problem;
use Bench\Report;
use Bench\Server;
use Bench\Subject;

/** @return array<string, int> the relay's system calls while the load tool does this */
$system_calls = static function (Bench $bench, Server $relay, Child $load, string $command): array {
    [$file, $log] = ["$bench->scratch/strace", "$bench->scratch/strace.log"];
    $strace = $bench->start("strace -f -c -o $file -p {$relay->process->pid}", $log);
    $bench->log($strace, $log, '/attached/');
    $load->ask($command);
    $bench->end($strace);

    return Calls::summary($file);
};

/** @return array<string, int> system calls of a PHP process that triggers so often */
$calls_of_php = static function (Bench $bench, Server $relay, int $count): array {
    $code = sprintf(
        '$p = new Clairon\Publisher("unix:%s", ["app" => "%s", "key" => "%s", "secret" => "%s"]); for ($i = 0; $i < %d; $i++) { $p->trigger("quiet", "m", ["i" => $i]); } $p->flush(5000);',
        $relay->socket,
        Bench::APP,
        Bench::KEY,
        Bench::SECRET,
        $count,
    );
    exec('strace -c -o ' . escapeshellarg("$bench->scratch/strace") . ' ' . escapeshellarg(PHP_BINARY) . ' -n -d extension='
        . escapeshellarg($bench->extension) . ' -r ' . escapeshellarg($code) . ' 2>&1', $words, $status);
    $status === 0 || throw new Problem('PHP under strace: ' . implode(' ', $words));

    return Calls::summary("$bench->scratch/strace");
};

/** What one more delivery costs, and one publish: two unknowns from the counts with few and with many sockets. */
$solve = static fn (float $few, float $many, int $small, int $big, int $messages): array => [
    ($many - $few) / ($messages * ($big - $small)),
    ($few - $small * ($many - $few) / ($big - $small)) / $messages,
];

/** A relay that counts its allocations into a file. */
$counting_relay = static function (Bench $bench, string $file): Server {
    file_put_contents($file, str_repeat("\0", 8));
    putenv("LD_PRELOAD=$bench->bin/mallocs.so");
    putenv("MALLOCS=$file");
    try {
        return $bench->relay('--upgrade-rate 0');
    } finally {
        putenv('LD_PRELOAD');
        putenv('MALLOCS');
    }
};

return new Subject('', 'System calls, allocations and instructions', static function (Bench $bench, Report $report) use ($system_calls, $calls_of_php, $solve, $counting_relay): void {
    exec('command -v strace', $found, $status);
    $status === 0 || throw new Problem('strace is missing: apt-get install strace');
    [$small, $big] = [50, 250];
    $ways = ['one by one' => ['run 40', 40], '20 in one write' => ['burst 4 20', 80], 'saturated' => ['saturate 200', 200]];
    $file = "$bench->scratch/mallocs";
    $allocations = static fn (): int => unpack('Q', (string) file_get_contents($file))[1];
    $counted = [];
    $relay = $counting_relay($bench, $file);
    $load = $bench->load($relay);
    foreach ([$small, $big] as $sockets) {
        $bench->progress("the relay's system calls and allocations with $sockets sockets");
        $load->ask("open $sockets");
        foreach ($ways as $way => [$command]) {
            $load->ask($command); // what is allocated once has been
            $before = $allocations();
            $load->ask($command);
            $counted[$way]['allocations'][] = $allocations() - $before;
            $counted[$way]['calls'][] = $system_calls($bench, $relay, $load, $command);
        }
    }
    foreach ($ways as $way => [, $messages]) {
        $names = $counted[$way]['calls'][1];
        arsort($names);
        [$few, $many] = array_map(array_sum(...), $counted[$way]['calls']);
        [$delivery, $publish] = $solve($few, $many, $small, $big, $messages);
        $note = implode(', ', array_map(static fn (string $name, int $calls): string => "$calls $name", array_keys($names), $names));
        $report->figure("system calls of a delivery, $way", $delivery, '', Goal::most($way === 'one by one' ? 1.05 : 0.5), "with $big sockets: $note");
        $report->figure("system calls of a publish at the relay, $way", $publish, '');
        [$delivery, $publish] = $solve(...[...$counted[$way]['allocations'], $small, $big, $messages]);
        $report->figure("allocations of a delivery, $way", $delivery, '', Goal::most(0.01));
        $report->figure("allocations of a publish at the relay, $way", $publish, '');
    }
    $bench->progress('system calls of trigger()');
    [$few, $many] = [$calls_of_php($bench, $relay, 100), $calls_of_php($bench, $relay, 1100)];
    foreach (array_keys($many) as $name) {
        $each = ($many[$name] - ($few[$name] ?? 0)) / 1000;
        abs($each) < 0.01 || $report->figure("$name() of a trigger()", $each, '', $name === 'sendto' ? Goal::most(1.0) : null);
    }
    $bench->progress('instructions, by tests/cost');
    // Without history it has nothing to build and compare with; ./run test cost does.
    exec('GIT_DIR=/nonexistent EXTENSION=' . escapeshellarg($bench->extension) . ' RELAY=' . escapeshellarg($bench->relay) . ' '
        . escapeshellarg("$bench->root/tests/cost/run") . ' 2>&1', $lines);
    $rows = preg_grep('/^\S.*? +\d+$/', $lines) ?: throw new Problem('tests/cost says: ' . implode(' ', $lines));
    foreach ($rows as $row) {
        preg_match('/^(\S.*?) +(\d+)$/', $row, $cells);
        $report->figure("instructions: $cells[1]", (float) $cells[2], '');
    }
});
