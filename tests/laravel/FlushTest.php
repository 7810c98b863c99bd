<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Spool;
use Clairon\Laravel\Tests\Fixtures\Plain;
use Clairon\Laravel\Tests\Support\FakeRelay;
use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\Facades\Broadcast;

/**
 * clairon:flush, and what the package sees of the spool.
 */
final class FlushTest extends TestCase
{
    private string $path;

    protected function setUp(): void
    {
        parent::setUp();
        $this->path = "{$this->folder->path}/storage/framework/test.spool";
        $this->configure(['spool' => $this->path]);
    }

    /**
     * @param array<string, mixed> $options of the publisher
     */
    private function configure(array $options): void
    {
        config(['broadcasting.connections.clairon.publisher' => $options]);
        Broadcast::purge('clairon');
    }

    /**
     * @return array{int, string}
     */
    private function flush(string $wait = '30'): array
    {
        $code = Artisan::call('clairon:flush', ['--wait' => $wait]);

        return [$code, Artisan::output()];
    }

    private function spoolEvents(int $count): void
    {
        $this->relay->stop();

        for ($i = 0; $i < $count; $i++) {
            event(new Plain((string) $i));
        }

        self::assertSame([], $this->reported);
    }

    public function test_what_waits_is_sent_once_the_relay_is_there(): void
    {
        $this->spoolEvents(3);
        self::assertSame(3, (new Spool($this->path))->state()['waiting'] ?? null);
        self::assertSame('app', (new Spool($this->path))->state()['app'] ?? null);

        [$code, $output] = $this->flush('0');
        self::assertSame(1, $code);
        self::assertStringContainsString("3 still wait in {$this->path}: cannot connect", $output);
        self::assertStringContainsString('php artisan clairon:start', $output);

        $this->relay = FakeRelay::start($this->relay->path);
        [$code, $output] = $this->flush();
        self::assertSame([0, "3 sent to {$this->relay->dsn()}.\n"], [$code, $output]);
        self::assertSame(['{"text":"0"}', '{"text":"1"}', '{"text":"2"}'], array_column($this->relay->take(), 'data'));
        self::assertSame(0, (new Spool($this->path))->state()['waiting'] ?? null);

        self::assertSame([0, "Nothing waits in {$this->path}.\n"], $this->flush());
    }

    public function test_many_are_sent_with_their_progress(): void
    {
        $this->spoolEvents(600);
        $this->relay = FakeRelay::start($this->relay->path);
        $code = Artisan::call('clairon:flush', ['--wait' => '30', '--ansi' => true]);
        $output = Artisan::output();

        self::assertSame(0, $code, $output);
        self::assertStringContainsString('0/600', $output);
        self::assertStringContainsString("600 sent to {$this->relay->dsn()}.", $output);
        self::assertCount(600, $this->relay->take());
    }

    public function test_what_is_too_old_is_dropped_and_told(): void
    {
        $this->configure(['spool' => $this->path, 'spool_age_s' => 1]);
        $this->spoolEvents(2);
        // As if they had been spooled long ago would need their checksums; a second passes soon.
        $end = microtime(true) + 1.1;

        while (microtime(true) < $end) {
            usleep(10000);
        }

        $this->relay = FakeRelay::start($this->relay->path);
        [$code, $output] = $this->flush();

        self::assertSame(0, $code, $output);
        self::assertStringContainsString('2 dropped: older than spool_age_s', $output);
        self::assertSame([], $this->relay->take());
    }

    public function test_without_a_spool_there_is_nothing_to_do(): void
    {
        $this->configure([]);
        [$code, $output] = $this->flush();

        self::assertSame(0, $code);
        self::assertStringContainsString('No spool is configured', $output);
    }

    public function test_a_spool_that_is_none_is_told(): void
    {
        file_put_contents($this->path, 'something else');
        [$code, $output] = $this->flush();

        self::assertSame(1, $code);
        self::assertStringContainsString('is no spool of this version. Move it away.', $output);
    }

    public function test_times_that_are_none(): void
    {
        foreach (['soon', '-1', '1e9'] as $wait) {
            self::assertSame(1, $this->flush($wait)[0], $wait);
        }
    }

    public function test_the_doctor_sees_what_waits_and_whose_it_is(): void
    {
        $this->spoolEvents(2);
        Artisan::call('clairon:doctor', ['--json' => true, '--timeout' => '0.2']);
        $texts = json_encode(json_decode(Artisan::output(), true)['findings'], JSON_UNESCAPED_SLASHES);
        self::assertStringContainsString("2 events wait in {$this->path}, the oldest for ", (string) $texts);
        self::assertStringContainsString('clairon:flush', (string) $texts);

        config(['broadcasting.connections.clairon.app_id' => 'other']);
        Artisan::call('clairon:doctor', ['--json' => true, '--timeout' => '0.2']);
        self::assertStringContainsString('belongs to the application \"app\"', Artisan::output());
        $this->relay = FakeRelay::start($this->relay->path);
    }
}
