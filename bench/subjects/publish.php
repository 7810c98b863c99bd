<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Calls;
use Bench\Figure;
use Bench\Goal;
use Bench\Problem;
use Bench\Report;
use Bench\Subject;

/** Calls that send, and all others, of 100 events in one write; from the difference of two counts. @return array{float, string} */
function publish_calls(Bench $bench, string $socket): array
{
    $few = Calls::ofPhp($bench, 'publish.php', "batches $socket 5");
    $sends = 0.0;
    $others = [];
    foreach (Calls::ofPhp($bench, 'publish.php', "batches $socket 55") as $name => $calls) {
        $each = ($calls - ($few[$name] ?? 0)) / 50;
        if (in_array($name, ['sendto', 'sendmsg', 'write', 'writev'], true)) {
            $sends += $each;
        } elseif ($each >= 0.02 && $name !== 'clock_nanosleep') { // the measurement's own rest
            $others[] = sprintf('%.2f %s', $each, $name);
        }
    }

    return [$sends, $others === [] ? '' : 'and ' . implode(', ', $others)];
}

return new Subject('P4', 'What trigger() costs beside a bare PHP fwrite()', static function (Bench $bench, Report $report): void {
    $relay = $bench->relay();
    putenv("BARE=$bench->bin/bare");
    putenv("PIN_SERVER=$bench->pinServer");
    $answer = $bench->php('publish.php', "local $relay->socket $bench->scratch $bench->rounds " . $bench->count(300, 20))->line();
    $cost = json_decode($answer, true) ?? throw new Problem($answer);
    $cost['stats']['dropped'] === 0 || throw new Problem('messages were dropped: the figures are of another path');
    $of = static fn (string $kind, string $way): array => array_map(static fn (array $round): float => (float) $round[$kind][$way], $cost['rounds']);
    foreach (['hot' => 'hot', 'p50' => 'spaced by 2 ms, p50', 'p99' => 'spaced by 2 ms, p99'] as $kind => $words) {
        $report->compare("one trigger(), $words", $of($kind, 'trigger'), $of($kind, 'fwrite'), 'ns', Goal::ratio(1.2), 'fwrite()');
    }
    $over = array_map(static fn (float $each, float $json): float => $each - $json, $of('hot', 'together'), $of('hot', 'json'));
    $report->compare('each of 100 in one write', $of('hot', 'together'), $of('hot', 'json'), 'ns', null, 'json_encode()');
    $report->figure('beyond json_encode()', $over, 'ns', Goal::most(400));
    $bench->progress('system calls');
    [$sends, $others] = publish_calls($bench, $relay->socket);
    $report->figure('system calls that send, of 100 in one write', $sends, '', Goal::most(1.05), $others);
    $report->compare("flush: 'response', in the request", $of('hot', 'response'), $of('hot', 'fwrite'), 'ns', Goal::ratio(0.3), 'fwrite()');
    $report->note(sprintf('%d bytes are written for each event; fwrite() writes as many, non-blocking, to a peer that is blocked in read().', $cost['bytes']));
    $report->note(sprintf('json_encode() of the same data alone: %s.', Figure::write(Figure::median($of('hot', 'json')), 'ns')));
});
