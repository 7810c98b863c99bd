<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Contracts\Foundation\Application;

/**
 * What `php artisan about` tells. No secrets.
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
        $config = (array) $this->app['config']['broadcasting.connections.clairon'];
        $options = (array) ($config['options'] ?? []);
        $dsn = new Dsn((string) ($config['dsn'] ?? ''));
        $manager = $this->app->make(BroadcastManager::class);

        return [
            'Extension' => phpversion('clairon') ?: 'not loaded in ' . PHP_SAPI,
            'Application' => $this->application($config),
            'Events go to' => $dsn->redacted() . ($this->answers($dsn) ? '' : ' (nobody listens there)'),
            'Browsers connect to' => sprintf(
                '%s://%s:%s',
                ($options['scheme'] ?? 'http') === 'https' ? 'wss' : 'ws',
                $options['host'] ?? 'localhost',
                $options['port'] ?? ''
            ),
            'Queue bypass' => $manager instanceof InlineBroadcastManager
                ? 'on'
                : 'off: ' . $manager::class . ' took the place of ' . InlineBroadcastManager::class,
            'On failure' => (string) $this->app['config']['clairon.on_failure'],
        ];
    }

    private function application(array $config): string
    {
        if (($config['app_id'] ?? '') === '' || $config['app_id'] === null) {
            return 'not set; "php artisan clairon:install" does it';
        }

        return $config['app_id'] . (isset($config['family']) ? " (from {$config['family']}_APP_ID)" : '');
    }

    private function answers(Dsn $dsn): bool
    {
        $stream = @stream_socket_client($dsn->address(), $code, $message, self::CONNECT_SECONDS);

        return $stream !== false && fclose($stream);
    }
}
