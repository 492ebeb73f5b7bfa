"""Text from outside: keys taken out of it, and what each medium would act on made harmless."""
