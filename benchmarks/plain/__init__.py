"""What mnistae is measured against: the scripts that a good tutorial would show. They share no code with it."""
