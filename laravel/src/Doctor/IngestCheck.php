<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Doctor;

use Clairon\Laravel\Net\Ingest;
use Clairon\Laravel\Net\NetException;

/**
 * The place that events go to: whether somebody listens, takes this application, and is of the
 * extension's release.
 */
final class IngestCheck implements Check
{
    private const ABOUT = 'Publishing';

    public function __construct(private readonly float $seconds, private readonly ?string $extension)
    {
    }

    public function findings(Subject $subject): iterable
    {
        if ($subject->own('app_id') === '' || $subject->own('secret') === '') {
            yield Finding::skipped(self::ABOUT, 'Not tried: the application is not set.');

            return;
        }

        $ingest = new Ingest($subject->config);
        $where = $ingest->dsn->redacted();

        try {
            $start = hrtime(true);
            $resp = $ingest->open($this->seconds);

            if ($ingest->dsn->isRedis()) {
                $resp->ask('PING');
                $facts = null;
            } else {
                $facts = Ingest::identify($resp);
            }
        } catch (NetException $e) {
            yield $this->failure($ingest, $where, $e);

            return;
        }

        $time = sprintf('%.1f ms', (hrtime(true) - $start) / 1e6);

        if ($facts === null) {
            yield Finding::ok(self::ABOUT, "Redis at {$where} answers, in {$time}.");

            return;
        }

        if (! str_starts_with($facts['server'], 'clairon')) {
            yield Finding::problem(
                self::ABOUT,
                "{$where} answers as \"{$facts['server']}\", not as clairon-relay.",
                'If that is Redis, write CLAIRON_DSN as redis://HOST or redis+unix:PATH and start the relay with engine redis.'
            );

            return;
        }

        yield Finding::ok(self::ABOUT, "clairon-relay {$facts['version']} at {$where}{$this->mode($ingest)} takes this application, in {$time}.");

        if ($this->extension !== null && $facts['version'] !== $this->extension) {
            yield Finding::problem(
                self::ABOUT,
                "The relay is version {$facts['version']}, the extension {$this->extension}.",
                'Install both from one release, then restart the relay and php-fpm.'
            );
        }
    }

    private function failure(Ingest $ingest, string $where, NetException $e): Finding
    {
        $path = $ingest->dsn->isUnix() ? substr($ingest->dsn->address(), strlen('unix://')) : null;
        $start = $ingest->dsn->isRedis()
            ? 'Start Redis, or correct CLAIRON_DSN in .env.'
            : 'Start the relay with "php artisan clairon:start".';

        if ($e->isRefusal) {
            return Finding::problem(
                self::ABOUT,
                "{$where} refuses this application: {$e->getMessage()}.",
                $ingest->dsn->isUnix() && ! $ingest->dsn->isRedis()
                    ? 'The relay runs with another APP_ID or APP_SECRET: restart it with "php artisan clairon:start".'
                    : 'Correct the password: CLAIRON_INGEST_PASSWORD in .env, or the one in CLAIRON_DSN.'
            );
        }

        if ($path !== null && file_exists($path) && ! is_writable($path)) {
            return Finding::problem(
                self::ABOUT,
                "{$path} exists, but this user may not open it{$this->mode($ingest)}.",
                'Give the web server\'s group access: ingest_group in the relay\'s configuration, or run both as one user.'
            );
        }

        return Finding::problem(
            self::ABOUT,
            "Nobody answers at {$where}: {$e->getMessage()}. Events wait in the outbox and the spool meanwhile.",
            $start
        );
    }

    private function mode(Ingest $ingest): string
    {
        $path = $ingest->dsn->isUnix() ? substr($ingest->dsn->address(), strlen('unix://')) : '';
        $stat = $path === '' ? false : @stat($path);

        if ($stat === false || ! function_exists('posix_getpwuid')) {
            return '';
        }

        $user = posix_getpwuid($stat['uid']);
        $group = posix_getgrgid($stat['gid']);

        return sprintf(
            ' (%s:%s %04o)',
            $user === false ? $stat['uid'] : $user['name'],
            $group === false ? $stat['gid'] : $group['name'],
            $stat['mode'] & 07777
        );
    }
}
