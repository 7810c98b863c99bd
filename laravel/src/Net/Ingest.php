<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Net;

use Clairon\Laravel\Dsn;

/**
 * The place that events go to, as publishers open it: the relay's ingest, or Redis.
 */
final class Ingest
{
    public readonly Dsn $dsn;

    /**
     * @param array<string, mixed> $config of the broadcasting connection
     */
    public function __construct(#[\SensitiveParameter] private readonly array $config)
    {
        $dsn = $config['dsn'] ?? '';
        $this->dsn = new Dsn(is_scalar($dsn) ? (string) $dsn : '');
    }

    /**
     * Connected and authenticated.
     *
     * @throws NetException with what went wrong; never with a secret
     */
    public function open(float $seconds): Resp
    {
        $resp = new Resp(Stream::open($this->dsn->address(), $seconds));
        $words = $this->credentials();

        if ($words !== []) {
            $answer = $resp->ask('AUTH', ...$words);

            if ($answer instanceof RespError) {
                throw NetException::answered($answer);
            }
        }

        return $resp;
    }

    /**
     * Who answers there: the relay's HELLO, or what Redis says of itself.
     *
     * @return array{server: string, version: string}
     *
     * @throws NetException
     */
    public static function identify(Resp $resp): array
    {
        $answer = $resp->ask('HELLO', '2');

        if ($answer instanceof RespError) {
            throw NetException::answered($answer);
        }

        $facts = ['server' => '', 'version' => ''];

        foreach (array_chunk(is_array($answer) ? $answer : [], 2) as [$name, $value]) {
            if (($name === 'server' || $name === 'version') && is_string($value)) {
                $facts[$name] = $value;
            }
        }

        return $facts;
    }

    /**
     * @return list<string>
     */
    private function credentials(): array
    {
        $publisher = $this->config['publisher'] ?? [];
        $password = is_array($publisher) && is_scalar($publisher['password'] ?? null) ? (string) $publisher['password'] : '';

        if ($this->dsn->isUnix() && ! $this->dsn->isRedis()) {
            return [self::text($this->config['app_id'] ?? null), self::text($this->config['secret'] ?? null)];
        }

        $url = parse_url($this->dsn->text);
        $user = is_array($url) && isset($url['user']) ? rawurldecode($url['user']) : '';
        $password = is_array($url) && isset($url['pass']) ? rawurldecode($url['pass']) : $password;

        return array_values(array_filter([$user, $password], static fn (string $word) => $word !== ''));
    }

    private static function text(mixed $value): string
    {
        return is_scalar($value) ? (string) $value : '';
    }
}
