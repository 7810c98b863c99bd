<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use Closure;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Contracts\Config\Repository;
use Illuminate\Contracts\Foundation\Application;
use Throwable;

/**
 * What `php artisan about` tells. No secrets; a line that can't be told says why, so that the others
 * are.
 */
final class About
{
    private const CONNECT_SECONDS = 0.2;

    public function __construct(private readonly Application $app)
    {
    }

    /**
     * @return array<string, string>
     */
    public function lines(): array
    {
        $lines = [
            'Extension' => fn (): string => phpversion('clairon') ?: 'not loaded in ' . PHP_SAPI,
            'Application' => $this->application(...),
            'Events go to' => $this->destination(...),
            'Browsers connect to' => $this->browsers(...),
            'Queue bypass' => $this->manager(...),
            'Flush' => fn (): string => $this->text('clairon.flush') ?: 'now',
            'Spool' => $this->spool(...),
            'On failure' => fn (): string => $this->text('clairon.on_failure') ?: 'report',
            'Event dispatcher' => $this->dispatcher(...),
        ];

        return array_map($this->tell(...), $lines);
    }

    /**
     * @param Closure(): string $line
     */
    private function tell(Closure $line): string
    {
        try {
            return $line();
        } catch (Throwable $e) {
            return 'unknown: ' . get_class($e) . ": {$e->getMessage()}";
        }
    }

    private function text(string $key): string
    {
        /** @var Repository $config */
        $config = $this->app->make('config');
        $value = $config->get($key);

        return is_scalar($value) ? (string) $value : '';
    }

    private function own(string $key): string
    {
        return $this->text("broadcasting.connections.clairon.{$key}");
    }

    private function application(): string
    {
        if ($this->own('app_id') === '') {
            return 'not set; "php artisan clairon:install" does it';
        }

        return $this->own('app_id') . ($this->own('family') === '' ? '' : " (from {$this->own('family')}_APP_ID)");
    }

    private function destination(): string
    {
        if ($this->own('transport') !== '') {
            return "nowhere: the transport is {$this->own('transport')}";
        }

        $dsn = new Dsn($this->own('dsn'));
        $stream = @stream_socket_client($dsn->address(), $code, $message, self::CONNECT_SECONDS);

        return $dsn->redacted() . ($stream !== false && fclose($stream) ? '' : ' (nobody listens there)');
    }

    private function browsers(): string
    {
        return sprintf(
            '%s://%s:%s',
            $this->own('options.scheme') === 'https' ? 'wss' : 'ws',
            $this->own('options.host') ?: 'localhost',
            $this->own('options.port')
        );
    }

    private function manager(): string
    {
        $manager = $this->app->make(BroadcastManager::class);

        return $manager instanceof InlineBroadcastManager
            ? 'on'
            : 'off: ' . get_debug_type($manager) . ' took the place of ' . InlineBroadcastManager::class;
    }

    private function dispatcher(): string
    {
        return get_debug_type($this->app->make('events'));
    }

    private function spool(): string
    {
        /** @var Repository $config */
        $config = $this->app->make('config');
        /** @var array<string, mixed> $connection */
        $connection = (array) $config->get('broadcasting.connections.clairon');
        $spool = Spool::of($connection);

        if ($spool === null) {
            return 'none';
        }

        if (($problem = $spool->problem()) !== null) {
            return "{$spool->path} ({$problem[0]})";
        }

        $state = $spool->state();
        $facts = ['waiting ' . ($state['waiting'] ?? 0)];

        foreach ($state['dropped'] ?? [] as $reason => $count) {
            if ($count > 0) {
                $facts[] = "dropped, {$reason}: {$count}";
            }
        }

        return "{$spool->path} (" . implode(', ', $facts) . ')';
    }
}
