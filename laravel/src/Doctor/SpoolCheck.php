<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Doctor;

use Clairon\Laravel\Spool;

/**
 * The file that keeps events while the relay is away.
 */
final class SpoolCheck implements Check
{
    private const ABOUT = 'Spool';

    public function findings(Subject $subject): iterable
    {
        $spool = Spool::of($subject->config);

        if ($spool === null) {
            yield Finding::note(
                self::ABOUT,
                'No spool is configured: what a process can\'t send before it ends is lost.',
                "Set CLAIRON_SPOOL in .env (publisher.spool of the connection \"{$subject->name}\") to a path that the web server may write to."
            );

            return;
        }

        if (($problem = $spool->problem()) !== null) {
            yield Finding::problem(self::ABOUT, ...$problem);

            return;
        }

        $owner = $spool->state()['app'] ?? '';

        if ($owner !== '' && $owner !== $subject->own('app_id')) {
            yield Finding::problem(
                self::ABOUT,
                "{$spool->path} belongs to the application \"{$owner}\", not to this one.",
                'Give each application a path of its own (publisher.spool), or move the file away if that application is gone.'
            );

            return;
        }

        yield from $this->owner($spool->path);
        yield from $this->state($spool);
    }

    /**
     * A command run as root leaves a file that php-fpm can't open.
     *
     * @return iterable<Finding>
     */
    private function owner(string $path): iterable
    {
        $file = @stat($path);
        $folder = @stat(dirname($path));

        if ($file === false || $folder === false || $file['uid'] === $folder['uid'] || ($file['mode'] & 06) === 06) {
            return;
        }

        $name = static fn (int $id): string => function_exists('posix_getpwuid') ? posix_getpwuid($id)['name'] ?? "{$id}" : "{$id}";

        yield Finding::note(
            self::ABOUT,
            "{$path} belongs to {$name($file['uid'])}, its folder to {$name($folder['uid'])}.",
            "If php-fpm runs as {$name($folder['uid'])}, it can't use the spool: chown {$name($folder['uid'])} {$path}"
        );
    }

    /**
     * @return iterable<Finding>
     */
    private function state(Spool $spool): iterable
    {
        $state = $spool->state();
        $waiting = $state['waiting'] ?? 0;

        yield $waiting === 0
            ? Finding::ok(self::ABOUT, "{$spool->path}: writable, nothing waits.")
            : Finding::note(
                self::ABOUT,
                "{$waiting} " . ($waiting === 1 ? 'event waits' : 'events wait') . " in {$spool->path}"
                . (isset($state['oldest_s']) ? ", the oldest for {$state['oldest_s']} s." : '.'),
                'The next request sends them once the relay is there; "php artisan clairon:flush" does it now.'
            );

        foreach ($state['dropped'] ?? [] as $reason => $count) {
            if ($count > 0) {
                yield Finding::note(self::ABOUT, "{$count} events were dropped from the spool so far: {$reason}.", $this->advice($reason));
            }
        }
    }

    private function advice(string $reason): string
    {
        return match ($reason) {
            'expired' => 'They were older than CLAIRON_SPOOL_AGE_S allows: keep the relay running, or raise that.',
            'torn' => 'The disk was full or the machine stopped while they were written.',
            'refused' => 'The secret or the application changed meanwhile, or the relay has smaller limits; its log says which.',
            default => '',
        };
    }
}
