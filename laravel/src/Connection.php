<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use Clairon\Publisher;
use Illuminate\Support\Facades\Config;
use Stringable;

/**
 * One broadcasting connection's configuration and the publisher made from it. Nothing is checked or
 * opened before it is used: routes/channels.php makes the driver in every request.
 */
final class Connection
{
    private const NEEDED = ['app_id' => '_APP_ID', 'key' => '_APP_KEY', 'secret' => '_APP_SECRET'];

    // Of Clairon\Publisher's options; .env has them as text.
    private const NUMBERS = [
        'outbox_events', 'outbox_bytes', 'cli_wait_ms', 'payload_bytes', 'spool_bytes', 'spool_age_s', 'ack_timeout_ms',
    ];

    private ?Publisher $publisher = null;

    private ?ChannelSigner $signer = null;

    private ?ChannelCipher $cipher = null;

    /**
     * @param array<string, mixed> $config of broadcasting.connections
     * @param bool $servesRequests whether this command-line process serves web requests (Octane)
     */
    public function __construct(
        #[\SensitiveParameter] private readonly array $config,
        private readonly bool $servesRequests = false
    ) {
    }

    public function publisher(): Publisher
    {
        return $this->publisher ??= $this->makePublisher();
    }

    public function signer(): ChannelSigner
    {
        return $this->signer ??= new ChannelSigner($this->needed('key'), $this->needed('secret'));
    }

    public function cipher(): ChannelCipher
    {
        $key = $this->nested('options')['encryption_master_key_base64'] ?? null;

        return $this->cipher ??= ChannelCipher::fromBase64(is_string($key) ? $key : null);
    }

    public function allowsJsonp(): bool
    {
        return (bool) ($this->config['jsonp'] ?? false);
    }

    public function dsn(): Dsn
    {
        return new Dsn($this->text('dsn'));
    }

    /**
     * The file that keeps events while the relay is away; null: none.
     */
    public function spool(): ?string
    {
        $publisher = $this->config['publisher'] ?? null;
        $path = is_array($publisher) ? $publisher['spool'] ?? null : null;

        return is_string($path) && $path !== '' ? $path : null;
    }

    /**
     * @return array{app_id: string, key: string, secret: string}
     */
    public function application(): array
    {
        return [
            'app_id' => $this->needed('app_id'),
            'key' => $this->needed('key'),
            'secret' => $this->needed('secret'),
        ];
    }

    /**
     * The name in config/broadcasting.php, which Laravel does not tell broadcasters.
     */
    public function name(): ?string
    {
        foreach ((array) Config::get('broadcasting.connections') as $name => $config) {
            if (
                is_array($config)
                && ($config['driver'] ?? null) === ($this->config['driver'] ?? null)
                && ($config['dsn'] ?? null) === ($this->config['dsn'] ?? null)
                && ($config['app_id'] ?? null) === ($this->config['app_id'] ?? null)
            ) {
                return (string) $name;
            }
        }

        return null;
    }

    private function makePublisher(): Publisher
    {
        if (! class_exists(Publisher::class)) {
            throw new UnavailableException(
                'The PHP extension "clairon" is not loaded in ' . PHP_SAPI . ': run "pecl install clairon", '
                . 'put "extension=clairon" into its php.ini and restart PHP.'
            );
        }

        if (($this->config['transport'] ?? '') !== '') {
            throw new UnavailableException(
                'The broadcasting connection\'s transport is unknown: it is "array", for tests, or not set (CLAIRON_TRANSPORT).'
            );
        }

        $app = $this->application();

        /** @var array{app: string, key: string, secret: string} $options the extension checks the others itself */
        $options = [
            'app' => $app['app_id'],
            'key' => $app['key'],
            'secret' => $app['secret'],
        ] + $this->publisherOptions();

        return new Publisher($this->dsn()->text, $options);
    }

    /**
     * @return array<string, mixed>
     */
    private function publisherOptions(): array
    {
        $options = $this->nested('publisher') + ['cli_wait_ms' => null];

        if ($options['cli_wait_ms'] === null && $this->servesRequests) {
            $options['cli_wait_ms'] = 0;
        }

        $options = array_filter($options, static fn ($value) => $value !== null && $value !== '');

        foreach (self::NUMBERS as $number) {
            if (isset($options[$number])) {
                $options[$number] = $this->number("publisher.{$number}", $options[$number]);
            }
        }

        return $options;
    }

    private function number(string $name, mixed $value): int
    {
        $number = filter_var($value, FILTER_VALIDATE_INT);

        if ($number === false) {
            throw new UnavailableException("The broadcasting connection's {$name} must be a whole number.");
        }

        return $number;
    }

    private function needed(string $key): string
    {
        $value = $this->text($key);

        if ($value === '') {
            $variable = ($this->text('family') ?: 'CLAIRON') . self::NEEDED[$key];

            throw new UnavailableException(
                "The broadcasting connection lacks \"{$key}\": set {$variable} in .env, "
                . 'or run "php artisan clairon:install".'
            );
        }

        return $value;
    }

    /**
     * An entry as text; "" if it isn't there, or is none.
     */
    private function text(string $key): string
    {
        $value = $this->config[$key] ?? null;

        return is_scalar($value) || $value instanceof Stringable ? (string) $value : '';
    }

    /**
     * @return array<string, mixed>
     */
    private function nested(string $key): array
    {
        /** @var array<string, mixed> $entries */
        $entries = (array) ($this->config[$key] ?? []);

        return $entries;
    }
}
