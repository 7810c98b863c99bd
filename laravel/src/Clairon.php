<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use Clairon\Laravel\Testing\Recorder;
use Clairon\Laravel\Testing\WrappedTransactions;
use Closure;
use Illuminate\Broadcasting\Broadcasters\Broadcaster;
use Illuminate\Contracts\Broadcasting\Factory;
use Illuminate\Contracts\Config\Repository;
use Illuminate\Contracts\Foundation\Application;
use Illuminate\Support\Facades\Facade;
use RuntimeException;

/**
 * For tests of applications: Clairon::fake(), then the assertions.
 *
 * @method static void assertBroadcast(string|\Closure $event, \Closure|int|null $callback = null)
 * @method static void assertBroadcastTimes(string $event, int $times = 1)
 * @method static void assertBroadcastOn(string $channel, ?string $event = null, ?\Closure $callback = null)
 * @method static void assertNotBroadcast(string|\Closure $event, ?\Closure $callback = null)
 * @method static void assertNotBroadcastOn(string $channel, ?string $event = null)
 * @method static void assertNothingBroadcast()
 * @method static \Illuminate\Support\Collection<int, \Clairon\Laravel\Testing\RecordedBroadcast> broadcasts(?string $event = null, ?\Closure $callback = null)
 *
 * @see Recorder
 */
final class Clairon extends Facade
{
    /**
     * From here on broadcasts are recorded instead of sent: those of every connection with the driver
     * "clairon", and of the default connection whatever its driver is. Channels stay authorised as
     * before.
     */
    public static function fake(): Recorder
    {
        $app = self::getFacadeApplication() ?? throw new RuntimeException('Clairon::fake() needs a booted application.');
        $recorder = (new Recorder())->attach();
        $app->instance(Recorder::class, $recorder);
        self::clearResolvedInstance(Recorder::class);
        WrappedTransactions::install($app);

        foreach (self::connections($app) as $name) {
            self::config($app)->set("broadcasting.connections.{$name}.transport", 'array');
            $broadcaster = $app->make(Factory::class)->connection($name);

            if ($broadcaster instanceof ClaironBroadcaster) {
                $broadcaster->recordWith($recorder);
            }
        }

        return $recorder;
    }

    protected static function getFacadeAccessor(): string
    {
        return Recorder::class;
    }

    private static function config(Application $app): Repository
    {
        /** @var Repository $config */
        $config = $app->make('config');

        return $config;
    }

    /**
     * Those to be recorded; the default connection becomes one of them.
     *
     * @return list<string>
     */
    private static function connections(Application $app): array
    {
        $config = self::config($app);
        $isOurs = static fn (mixed $connection): bool => is_array($connection) && ($connection['driver'] ?? null) === 'clairon';
        $names = array_keys(array_filter((array) $config->get('broadcasting.connections'), $isOurs));

        if (! in_array($config->get('broadcasting.default'), $names, true)) {
            $manager = $app->make(Factory::class);
            $old = $manager->connection();
            $config->set('broadcasting.default', 'clairon');
            self::copyChannels($old, $manager->connection());
        }

        return array_map('strval', $names);
    }

    /**
     * routes/channels.php registered its callbacks with the connection that was the default then.
     */
    private static function copyChannels(mixed $from, mixed $to): void
    {
        if (! $from instanceof Broadcaster || ! $to instanceof Broadcaster) {
            return;
        }

        Closure::bind(static function (Broadcaster $from, Broadcaster $to): void {
            $to->channels += $from->channels;
            $to->channelOptions += $from->channelOptions;
        }, null, Broadcaster::class)($from, $to);
    }
}
