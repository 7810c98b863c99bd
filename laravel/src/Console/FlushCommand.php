<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Console;

use Clairon\Laravel\Connection;
use Clairon\Laravel\Spool;
use Clairon\Laravel\UnavailableException;
use Clairon\Publisher;
use Illuminate\Console\Command;
use Symfony\Component\Console\Helper\ProgressBar;
use ValueError;

/**
 * Sends what waits in the spool, for when no further request will: after an outage at night, before a
 * deployment.
 */
final class FlushCommand extends Command
{
    use ChoosesConnection;

    private const STEP_MS = 250;

    // What looking costs while another process replays.
    private const PAUSE_US = 20000;

    private const MANY = 500;

    protected $signature = 'clairon:flush
        {--wait=10 : How long to go on, in seconds}
        {--connection= : Broadcasting connection whose spool is sent}';

    protected $description = 'Send the broadcasts that wait in the spool';

    public function handle(): int
    {
        $seconds = filter_var($this->option('wait'), FILTER_VALIDATE_FLOAT);

        if ($seconds === false || $seconds < 0 || $seconds > 86400) {
            $this->error('--wait takes seconds: 0 to 86400.');

            return self::FAILURE;
        }

        try {
            $config = $this->connectionConfig();
            $connection = new Connection($config);
            $publisher = $connection->publisher();
        } catch (UnavailableException | ValueError $e) {
            $this->error($e->getMessage());

            return self::FAILURE;
        }

        $spool = Spool::of($config);
        $before = $spool?->state();

        if ($spool === null) {
            $this->line('No spool is configured (publisher.spool of the broadcasting connection): nothing waits anywhere.');

            return self::SUCCESS;
        }

        if (($problem = $spool->problem()) !== null) {
            $this->error(implode(' ', $problem));

            return self::FAILURE;
        }

        if (($before['waiting'] ?? 0) === 0) {
            $this->line("Nothing waits in {$spool->path}.");

            return self::SUCCESS;
        }

        $this->flush($publisher, $spool, $before['waiting'], microtime(true) + $seconds);

        return $this->tell($publisher, $spool, $before, $connection->dsn()->redacted());
    }

    private function flush(Publisher $publisher, Spool $spool, int $waiting, float $end): void
    {
        $bar = $waiting >= self::MANY && $this->output->isDecorated() ? new ProgressBar($this->output, $waiting) : null;
        $bar?->start();

        do {
            $left = (int) (($end - microtime(true)) * 1000);
            $publisher->flush(max(0, min(self::STEP_MS, $left)));
            $now = $spool->state()['waiting'] ?? 0;
            $bar?->setProgress(max(0, $waiting - $now));

            if ($now > 0) {
                usleep(self::PAUSE_US);
            }
        } while ($now > 0 && microtime(true) < $end);

        $bar?->clear();
    }

    /**
     * @param array{waiting: int, replayed: int, repeated: int, dropped: array<string, int>} $before
     */
    private function tell(Publisher $publisher, Spool $spool, array $before, string $dsn): int
    {
        $after = $spool->state() ?? $before;
        $sent = $after['replayed'] - $before['replayed'];
        $repeated = $after['repeated'] - $before['repeated'];
        $this->line("{$sent} sent to {$dsn}."
            . ($repeated > 0 ? " {$repeated} of them had been sent once before; the relay drops those that it knows." : ''));

        foreach ($after['dropped'] as $reason => $count) {
            $lost = $count - $before['dropped'][$reason];

            if ($lost > 0) {
                $this->warn("{$lost} dropped: " . self::reason($reason));
            }
        }

        if ($after['waiting'] === 0) {
            return self::SUCCESS;
        }

        $error = $publisher->stats()['last_error'];
        $this->error("{$after['waiting']} still wait in {$spool->path}: "
            . ($error ?? 'the time was too short, or another process is sending them') . '.');
        $this->line($error === null
            ? 'Run it again, with a larger --wait.'
            : 'Start the relay with "php artisan clairon:start", or look with "php artisan clairon:doctor"; then run this again.');

        return self::FAILURE;
    }

    private static function reason(string $reason): string
    {
        return match ($reason) {
            'expired' => 'older than spool_age_s.',
            'torn' => 'the file was damaged there.',
            'refused' => 'the relay, or the check of their signature, refused them.',
            default => $reason,
        };
    }
}
