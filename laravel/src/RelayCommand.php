<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

/**
 * Arguments and environment of the relay. Secrets go into the environment only: everybody on the
 * machine may read a process's arguments.
 */
final class RelayCommand
{
    /**
     * @param array{host: mixed, port: mixed, workers: mixed, config: mixed} $settings
     * @param array<string, mixed> $config of the broadcasting connection
     */
    public function __construct(
        private readonly Connection $connection,
        private readonly array $settings,
        #[\SensitiveParameter] private readonly array $config
    ) {
        $this->connection->application();
    }

    /**
     * @return list<string>
     */
    public function arguments(): array
    {
        $dsn = $this->connection->dsn();
        $arguments = ['--listen', $this->listen()];

        if ($dsn->isRedis()) {
            array_push($arguments, '--engine', 'redis');
        } else {
            array_push($arguments, '--ingest', $dsn->forRelay());
        }

        foreach (['workers', 'config'] as $name) {
            if (($value = self::text($this->settings[$name])) !== '') {
                array_push($arguments, "--{$name}", $value);
            }
        }

        // What publishers left there while the relay was away, it sends when it is back.
        if (($spool = $this->connection->spool()) !== null) {
            array_push($arguments, '--spool', $spool);
        }

        return $arguments;
    }

    /**
     * The environment without what .env put there: database passwords are no business of the relay.
     *
     * @param array<string, string> $current
     *
     * @return array<string, string>
     */
    public function environment(array $current, string $dotenv): array
    {
        foreach ($this->namesIn($dotenv) as $name) {
            if (! str_starts_with($name, 'CLAIRON_')) {
                unset($current[$name]);
            }
        }

        $application = $this->connection->application();
        $dsn = $this->connection->dsn();
        $own = [
            'CLAIRON_APP_ID' => $application['app_id'],
            'CLAIRON_APP_KEY' => $application['key'],
            'CLAIRON_APP_SECRET' => $application['secret'],
            'CLAIRON_REDIS' => $dsn->isRedis() ? $this->redis($dsn) : '',
            'CLAIRON_BUS_PREFIX' => $this->ofPublisher('bus_prefix'),
            'CLAIRON_INGEST_PASSWORD' => $dsn->isRedis() ? '' : $this->ofPublisher('password'),
        ];

        $own = array_filter($own, static fn (string $value) => $value !== '') + $current;

        return $dsn->isRedis() ? $own + ['CLAIRON_INGEST' => $this->operatorSocket()] : $own;
    }

    /**
     * With Redis nobody publishes on the relay's own socket; it is for people with redis-cli.
     */
    private function operatorSocket(): string
    {
        $path = storage_path('framework/clairon.sock');

        // The longest path that a Unix socket's address holds.
        return strlen($path) <= 107 ? "unix:{$path}" : 'none';
    }

    private function listen(): string
    {
        $host = self::text($this->settings['host']);
        $host = $host === '' ? '127.0.0.1' : $host;

        if (str_contains($host, ':') && ! str_starts_with($host, '[')) {
            $host = "[{$host}]";
        }

        $port = self::text($this->settings['port']);

        return $host . ':' . ($port === '' ? '6001' : $port);
    }

    private function ofPublisher(string $option): string
    {
        return self::text(((array) ($this->config['publisher'] ?? []))[$option] ?? null);
    }

    private static function text(mixed $value): string
    {
        return is_scalar($value) ? (string) $value : '';
    }

    /**
     * The relay takes Redis's password from the URL alone.
     */
    private function redis(Dsn $dsn): string
    {
        $password = $this->ofPublisher('password');
        $url = $dsn->forRelay();

        if ($password === '' || ! str_starts_with($url, 'redis://') || str_contains($url, '@')) {
            return $url;
        }

        return 'redis://:' . rawurlencode($password) . '@' . substr($url, strlen('redis://'));
    }

    /**
     * @return list<string>
     */
    private function namesIn(string $dotenv): array
    {
        $text = is_readable($dotenv) ? (string) file_get_contents($dotenv) : '';
        preg_match_all('/^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=/m', $text, $matches);

        return $matches[1];
    }
}
