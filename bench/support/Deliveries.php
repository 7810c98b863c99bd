<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

/**
 * Servers with a load tool each under the same commands, run by run in turn.
 */
final class Deliveries
{
    /**
     * What the load tools answered in each run, and with it "cpu": of the server, in ns a delivery.
     *
     * @param list<array{Server, Child}> $sides
     * @param string $warmUp what they do before
     * @return list<list<array<string, int|float>>> side by side
     */
    public static function rounds(Bench $bench, array $sides, string $command, string $warmUp = 'run 5'): array
    {
        $results = array_fill(0, count($sides), []);
        foreach ($sides as [, $load]) {
            $load->ask($warmUp);
        }
        for ($round = 0; $round < $bench->rounds; $round++) {
            foreach ($sides as $side => [$server, $load]) {
                $results[$side][] = self::once($bench, $server, $load, $command);
            }
        }

        return $results;
    }

    /**
     * @return array<string, int|float>
     */
    public static function once(Bench $bench, Server $server, Child $load, string $command): array
    {
        $answer = [];
        $cpu = $bench->cpu($server, static function () use ($load, $command, &$answer): void {
            $answer = $load->ask($command);
        });

        return ['cpu' => $cpu / max(1, $answer['deliveries'])] + $answer;
    }

    /**
     * A figure of each run.
     *
     * @param list<array<string, int|float>> $answers
     * @return list<float>
     */
    public static function values(array $answers, string $name): array
    {
        return array_map(floatval(...), array_column($answers, $name));
    }

    /**
     * The remark where the load tool itself was too busy or too late in most runs.
     *
     * @param list<array<string, int|float>> $answers
     */
    public static function remark(array ...$answers): string
    {
        foreach ($answers as $each) {
            if (array_sum(array_column($each, 'bottleneck')) * 2 > count($each)) {
                return 'the load tool was too busy or too late';
            }
        }

        return '';
    }
}
