<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use PHPUnit\Framework\TestCase as PlainTestCase;

/**
 * The table of docs/laravel.md says which test shows what.
 */
final class PointsTest extends PlainTestCase
{
    private const COUNT = 52;

    private const ROOT = __DIR__ . '/../..';

    /**
     * @return array<int, list<string>> test classes and files by point
     */
    private function documented(): array
    {
        preg_match_all('/^\| (\d+) \|.*\| ([^|]+) \|$/m', (string) file_get_contents(self::ROOT . '/docs/laravel.md'), $rows);

        return array_combine(
            array_map('intval', $rows[1]),
            array_map(static fn (string $cell) => explode(', ', str_replace('`', '', $cell)), $rows[2])
        );
    }

    /**
     * @return array<string, list<int>> points by test class
     */
    private function named(): array
    {
        $named = [];

        foreach (glob(__DIR__ . '/*Test.php') ?: [] as $path) {
            preg_match_all('/function test_point_(\d+)(?:_and_(\d+))?_/', (string) file_get_contents($path), $names);
            $points = array_unique(array_map('intval', array_filter([...$names[1], ...$names[2]])));
            $named[basename($path, '.php')] = $points;
        }

        return $named;
    }

    public function test_every_point_has_a_test_and_every_test_its_row(): void
    {
        $documented = $this->documented();
        self::assertSame(range(1, self::COUNT), array_keys($documented));
        $named = $this->named();

        foreach ($documented as $point => $places) {
            foreach ($places as $place) {
                str_contains($place, '/')
                    ? self::assertFileExists(self::ROOT . "/{$place}", "point {$point}")
                    : self::assertContains($point, $named[$place] ?? [], "{$place} shows point {$point}");
            }
        }

        foreach ($named as $class => $points) {
            foreach ($points as $point) {
                self::assertContains($class, $documented[$point] ?? [], "docs/laravel.md, point {$point}");
            }
        }
    }
}
