<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Tests\Fixtures\Models\BroadcastingPost;
use Clairon\Laravel\Tests\Fixtures\Models\User;
use Clairon\Laravel\Tests\Fixtures\Plain;
use Clairon\Laravel\Tests\Fixtures\Told;
use Illuminate\Broadcasting\AnonymousEvent;
use Illuminate\Database\Schema\Blueprint;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\Notification;
use Illuminate\Support\Facades\Route;
use Illuminate\Support\Facades\Schema;

/**
 * Points 39 to 42: the other ways to raise a broadcast.
 */
final class SendersTest extends TestCase
{
    public function test_point_39_to_others_excludes_the_socket_of_the_header(): void
    {
        Route::post('/say', static function (): string {
            broadcast(new Plain('to others'))->toOthers();
            broadcast(new Plain('to all'));

            return 'said';
        });
        $this->post('/say', [], ['X-Socket-ID' => '123.456'])->assertOk();
        $this->post('/say')->assertOk();

        self::assertSame(
            [
                ['{"text":"to others"}', '123.456'],
                ['{"text":"to all"}', null],
                ['{"text":"to others"}', null],
                ['{"text":"to all"}', null],
            ],
            array_map(static fn (array $m) => [$m['data'], $m['except']], $this->published())
        );
    }

    public function test_point_40_anonymous_events_run_inline(): void
    {
        // Laravel 11.5 and later; before, a class without a name does the same.
        if (! class_exists(AnonymousEvent::class)) {
            event(new class extends Plain {
                public function broadcastAs(): string
                {
                    return 'Sent';
                }
            });
            self::assertSame(['Sent'], $this->publishedEvents());
            self::assertSame(0, $this->jobs());

            return;
        }

        Broadcast::on('news')->as('Sent')->with(['a' => 1])->send();
        Broadcast::private('news')->as('SentNow')->sendNow();

        [$sent, $now] = $this->published();
        self::assertSame(['news', 'Sent', '{"a":1}'], [$sent['channel'], $sent['event'], $sent['data']]);
        self::assertSame(['private-news', 'SentNow', '[]'], [$now['channel'], $now['event'], $now['data']]);
        self::assertSame(0, $this->jobs());
    }

    public function test_point_41_models_broadcast_under_the_conventional_names(): void
    {
        Schema::create('broadcasting_posts', static function (Blueprint $table): void {
            $table->id();
            $table->string('title');
            $table->softDeletes();
        });
        $post = BroadcastingPost::create(['title' => 'a']);
        $post->update(['title' => 'b']);
        $post->delete();
        $post->restore();
        $post->forceDelete();

        $events = $this->publishedEvents();
        self::assertSame(
            ['BroadcastingPostCreated', 'BroadcastingPostUpdated', 'BroadcastingPostTrashed'],
            array_slice($events, 0, 3)
        );
        self::assertContains('BroadcastingPostRestored', $events);
        self::assertContains('BroadcastingPostDeleted', $events);
        self::assertSame(0, $this->jobs());
    }

    public function test_point_42_a_notification_that_is_not_queued_arrives(): void
    {
        $user = User::create(['name' => 'Ann']);
        Notification::send($user, new Told());

        $message = $this->published()[0];
        self::assertSame('Illuminate\Notifications\Events\BroadcastNotificationCreated', $message['event']);
        self::assertSame('private-Clairon.Laravel.Tests.Fixtures.Models.User.1', $message['channel']);
        self::assertSame(0, $this->jobs());
    }
}
