<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

/**
 * docs/performance.md, from the newest results of each subject.
 */
final class Performance
{
    private const HEAD = <<<'TEXT'
        # Performance

        Written by `./run bench --write`; each table says when and on which commit it was measured. `./run bench` measures all of
        it again, `./run bench NAME` one table, `--json` prints the value of every run.

        Server processes run on the first core, the load tool and publishers on the second. A figure is the median of
        interleaved runs, with the smallest and the largest behind it; a ratio is the median of the ratios run by run, so a machine
        that gets slower slows both sides. CPU is the server process's, all threads, kernel included. The load tool compares every
        message byte by byte, in its order, at every client; a wrong or missing one ends the measurement.
        The bare loop (`bench/bare.c`) reads a command and sends a finished frame to each socket, nothing else.


        TEXT;

    /**
     * @param array<string, mixed> $result
     */
    public static function heading(string $name, array $result): string
    {
        return $result['goal'] === '' ? "$name: {$result['title']}" : "$name ({$result['goal']}): {$result['title']}";
    }

    /**
     * Keeps these results and writes the page from all that are kept.
     *
     * @param array<string, array<string, mixed>> $results
     */
    public static function write(Bench $bench, array $results): void
    {
        $folder = "$bench->bin/results";
        is_dir($folder) || mkdir($folder, 0755, true);
        foreach ($results as $name => $result) {
            $kept = $result + ['machine' => Machine::data($bench), 'line' => Machine::line($bench)];
            file_put_contents("$folder/$name.json", json_encode($kept, JSON_THROW_ON_ERROR | JSON_PARTIAL_OUTPUT_ON_ERROR));
        }
        $page = "$bench->root/docs/performance.md";
        file_put_contents($page, self::page($folder));
        $bench->progress("written: $page");
    }

    private static function page(string $folder): string
    {
        $results = [];
        foreach (glob("$folder/*.json") ?: [] as $file) {
            $results[basename($file, '.json')] = json_decode((string) file_get_contents($file), true);
        }
        uasort($results, static fn (array $a, array $b): int => strnatcmp($a['goal'] ?: 'Q', $b['goal'] ?: 'Q'));
        $text = self::HEAD;
        foreach ($results as $name => $result) {
            $text .= '## ' . self::heading($name, $result) . "\n\n{$result['markdown']}\n{$result['machine']['date']}, {$result['line']}\n\n";
        }

        return rtrim($text) . "\n";
    }
}
