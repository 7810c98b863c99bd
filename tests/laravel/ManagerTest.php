<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use ArrayObject;
use Clairon\Laravel\ClaironServiceProvider;
use Clairon\Laravel\InlineBroadcastManager;
use Clairon\Laravel\Tests\Fixtures\Conditional;
use Clairon\Laravel\Tests\Fixtures\Connections;
use Clairon\Laravel\Tests\Fixtures\FailingNow;
use Clairon\Laravel\Tests\Fixtures\Now;
use Clairon\Laravel\Tests\Fixtures\Plain;
use Clairon\Laravel\Tests\Fixtures\WithMiddleware;
use Illuminate\Broadcasting\BroadcastEvent;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Config\Repository;
use Illuminate\Contracts\Broadcasting\Factory;
use Illuminate\Foundation\Application;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\DB;
use PHPUnit\Framework\Attributes\TestWith;
use RuntimeException;

/**
 * Points 1 to 10: which events bypass the queue.
 */
final class ManagerTest extends TestCase
{
    public function test_point_1_the_manager_is_ours(): void
    {
        self::assertInstanceOf(InlineBroadcastManager::class, $this->app->make(Factory::class));
        self::assertSame($this->app->make(Factory::class), $this->app->make(BroadcastManager::class));
        self::assertSame($this->app->make(Factory::class), Broadcast::getFacadeRoot());
    }

    public function test_point_1_and_9_a_manager_that_was_resolved_earlier_is_adopted(): void
    {
        $stock = new BroadcastManager($this->app);
        $this->app->instance(BroadcastManager::class, $stock);
        Broadcast::clearResolvedInstances();
        $stock->extend('own', static fn () => $stock->connection('null'));
        $own = $stock->connection('log')->channel('kept.{id}', static fn () => true);
        self::assertSame($stock, Broadcast::getFacadeRoot());

        (new ClaironServiceProvider($this->app))->register();

        $manager = Broadcast::getFacadeRoot();
        self::assertInstanceOf(InlineBroadcastManager::class, $manager);
        self::assertSame($own, $manager->connection('log'));
        self::assertArrayHasKey('kept.{id}', (fn () => $this->channels)->call($manager->connection('log')));
        config(['broadcasting.connections.own' => ['driver' => 'own']]);
        self::assertSame($stock->connection('null'), $manager->connection('own'));
        self::assertSame($manager, InlineBroadcastManager::wrap($manager));
    }

    public function test_point_2_an_event_inserts_no_job_row(): void
    {
        event(new Plain());

        self::assertSame(['news'], array_column($this->published(), 'channel'));
        self::assertSame(0, $this->jobs());
    }

    public function test_point_3_with_another_default_connection_it_is_queued(): void
    {
        config(['broadcasting.default' => 'log']);
        event(new Plain());

        self::assertSame(1, $this->jobs());
        self::assertSame([], $this->published());
        $job = json_decode(DB::table('jobs')->value('payload'), true);
        self::assertSame(Plain::class, $job['displayName']);
    }

    public function test_point_4_broadcast_via_decides(): void
    {
        broadcast((new Plain('queued')))->via('log');
        self::assertSame(1, $this->jobs());
        self::assertSame([], $this->published());

        config(['broadcasting.default' => 'log']);
        broadcast((new Plain('inline')))->via('clairon');
        self::assertSame(1, $this->jobs());
        self::assertCount(1, $this->published());
    }

    public function test_point_4_connection_names_may_be_enums(): void
    {
        config(['broadcasting.default' => 'log']);
        event((new Plain())->broadcastVia(Connections::Clairon));
        self::assertSame(0, $this->jobs());

        // Laravel's own job takes the name for the key of an array there.
        if (version_compare(Application::VERSION, '11.38', '>=') && version_compare(Application::VERSION, '12.21', '<')) {
            self::assertCount(1, $this->reported);
            self::assertSame([], $this->published());

            return;
        }

        event((new Plain())->broadcastVia(Connections::Log));
        self::assertSame(1, $this->jobs());
        self::assertCount(1, $this->published());
    }

    public function test_point_5_mixed_connections_are_queued_once(): void
    {
        event((new Plain())->broadcastVia(['clairon', 'log']));

        self::assertSame(1, $this->jobs());
        self::assertSame([], $this->published());
    }

    public function test_point_6_now_events_take_laravels_path(): void
    {
        DB::transaction(function (): void {
            event(new Now());
            self::assertCount(1, $this->published(), 'it does not wait for the commit');
        });

        $this->expectException(RuntimeException::class);
        event(new FailingNow());
    }

    #[TestWith([true, 1])]
    #[TestWith([false, 0])]
    public function test_point_7_broadcast_when_is_asked_once(bool $result, int $expected): void
    {
        event($event = Conditional::counted($result));

        self::assertCount($expected, $this->published());
        self::assertCount(1, $event->calls);
    }

    #[TestWith([[]])]
    #[TestWith([null])]
    public function test_point_8_no_channels_publish_nothing(?array $channels): void
    {
        event(new Plain('x', $channels));

        self::assertSame([], $this->published());
        self::assertSame([], $this->reported);
        self::assertSame(0, $this->jobs());
    }

    #[TestWith(['unheard-of'])]
    #[TestWith(['null'])]
    #[TestWith([null])]
    #[TestWith([''])]
    public function test_point_10_an_unknown_default_goes_the_stock_way(?string $default): void
    {
        config(['broadcasting.default' => $default]);
        event(new Plain());

        self::assertSame(1, $this->jobs());
        self::assertSame([], $this->published());
    }

    public function test_point_10_a_connection_without_a_driver_goes_the_stock_way(): void
    {
        config(['broadcasting.connections.odd' => 'text', 'broadcasting.default' => 'odd']);
        event(new Plain());

        self::assertSame(1, $this->jobs());
    }

    public function test_a_configuration_that_takes_the_place_of_the_first_counts_at_once(): void
    {
        $raise = function (): array {
            event(new Plain());

            return [$this->jobs(), count($this->published())];
        };
        $first = $this->app->make('config');
        self::assertSame([0, 1], $raise());

        $second = clone $first;
        $second->set('broadcasting.default', 'log');
        $this->app->instance('config', $second);
        self::assertSame([1, 0], $raise(), 'replaced');

        // One with an idea of its own of what is in it.
        $this->app->instance('config', new class ($first->all()) extends Repository {
            public function get($key, $default = null)
            {
                return $key === 'broadcasting' ? ['default' => 'log'] + parent::get($key) : parent::get($key, $default);
            }
        });
        self::assertSame([2, 0], $raise(), 'a subclass');

        $this->app->instance('tenant.config', $first);
        $this->app->alias('tenant.config', 'config');
        self::assertSame([2, 1], $raise(), 'an alias');
    }

    public function test_middleware_of_the_event_runs_only_when_configured(): void
    {
        $event = new WithMiddleware();
        $event->seen = new ArrayObject();
        event($event);
        self::assertCount(0, $event->seen);

        config(['clairon.middleware' => true]);
        event($event);
        // Laravel 11.42 and later.
        self::assertCount((int) method_exists(BroadcastEvent::class, 'middleware'), $event->seen);
        self::assertCount(2, $this->published());
    }

    public function test_the_event_is_as_it_was_when_raised(): void
    {
        DB::transaction(static function (): void {
            $event = new Plain('then');
            event($event);
            $event->text = 'later';
        });

        self::assertSame(['{"text":"then"}'], array_column($this->published(), 'data'));
    }
}
